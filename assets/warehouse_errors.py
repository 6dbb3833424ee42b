"""What can go wrong with the warehouse, in words for the operator or the developer."""


class WarehouseLockedError(RuntimeError):
    """Another process holds the warehouse file."""


class QueryRefusedError(ValueError):
    """A statement for `trellis sql` is not one that reads, or DuckDB cannot run it."""


class TableShapeError(ValueError):
    """A table does not have the columns, types or grain that its contract or the dictionary states."""
