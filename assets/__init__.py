"""Dagster assets, thin: read a frame, call one function, write a frame, say how many rows.

Belongs here: landing, the warehouse (the only writer of the DuckDB file), checks, and the assets of each layer. Does not belong
here: statistics (models), queries (sql), meanings (contracts), or what starts a run (pipelines).
"""
