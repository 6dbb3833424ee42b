"""One SQL file per table, in the folder of its layer, and `queries.py`, which reads and parses them.

Belongs here: the files and what can be learnt from their text, including where it breaks the rules of the house
(`lint.py`). Does not belong here: a database connection, or SQL built from strings.
"""
