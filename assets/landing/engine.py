"""The names under which loading speaks of the engine: a connection, its errors, and which of these are faults of the data.

duckdb has few doors; `assets/ingest/` goes through this one. Opening connections belongs to `assets/warehouse.py`.
"""

import duckdb

Connection = duckdb.DuckDBPyConnection
SqlError = duckdb.Error


def is_fault_of_data(error: SqlError) -> bool:
    """Return whether a SELECT failed because of its text or of the rows it read, not because of the engine or the machine.

    A damaged Parquet page is reported as the bare base class.
    """
    return isinstance(error, duckdb.DataError | duckdb.ProgrammingError) or type(error) is duckdb.Error


def is_unknown_name(error: SqlError) -> bool:
    """Return whether a SELECT names a column or table that is not there."""
    return isinstance(error, duckdb.BinderException | duckdb.CatalogException)
