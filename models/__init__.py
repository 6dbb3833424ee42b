"""Scores as pure functions and estimators: frames in, frames or frozen dataclasses out.

Belongs here: statistics and their evaluation; seeds and dates are arguments. Does not belong here: Dagster, DuckDB, the clock, or
paths (the model registry excepted).
"""
