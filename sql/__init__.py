"""One SQL file per table, in the folder of its layer, and `queries.py`, which reads and parses them.

Belongs here: the files and what can be learnt from their text. Does not belong here: a database connection, or SQL built from strings.
"""
