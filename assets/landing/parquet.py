"""Parquet files as a view: native types, nothing copied, nested values as JSON text.

What the footer says is checked against the file; pages are decoded only when the view is read.
"""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from assets.landing.ledger import ROW_COLUMN, UnreadableFileError, checked_columns, quoted


def stage_parquet(connection: duckdb.DuckDBPyConnection, path: Path, table: str) -> tuple[int, tuple[str, ...]]:
    """Records by the footer, and the column names; creates the view `staging.<table>` with `_row` in file order.

    Raises
    ------
    UnreadableFileError
        Truncated, encrypted, not Parquet, or with columns that cannot be told apart.

    """
    try:
        with pq.ParquetFile(path) as file:
            records = file.metadata.num_rows
            schema = file.schema_arrow
            _check_extents(file.metadata, path)
        kinds = connection.execute("describe select * from read_parquet($1)", [str(path)]).fetchall()
    except (pa.ArrowException, OSError, duckdb.Error) as exc:
        if isinstance(exc, FileNotFoundError | PermissionError):
            raise
        msg = f"{path.name}: truncated or not Parquet ({str(exc).splitlines()[0]}): ask for the file again."
        raise UnreadableFileError(msg) from exc
    names = [str(kind[0]) for kind in kinds]
    if len(names) != len(schema.names):
        msg = f"{path.name}: {len(schema.names)} columns by pyarrow, {len(names)} by DuckDB: rename duplicate columns."
        raise UnreadableFileError(msg)
    columns = checked_columns(path.name, list(schema.names))
    picked = ", ".join(
        f"{_expression(name, str(kind[1]))} as {quoted(column)}"
        for name, kind, column in zip(names, kinds, columns, strict=True)
    )
    # A view takes no parameters, so the path is written into its text as a literal.
    source = "read_parquet('" + str(path).replace("'", "''") + "', file_row_number = true)"
    connection.execute(
        f"create view staging.{quoted(table)} as "
        f"select file_row_number + 1 as {quoted(ROW_COLUMN)}, {picked} from {source}"
    )
    return records, columns


def _expression(name: str, kind: str) -> str:
    nested = kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))
    return f"to_json({quoted(name)})::varchar" if nested else quoted(name)


def _check_extents(metadata: pq.FileMetaData, path: Path) -> None:
    """Every column chunk must lie inside the file: a footer on the wrong body is found here, not in mid-run."""
    size = path.stat().st_size
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        if row_group.num_rows == 0:
            continue  # a table without rows is written as a row group without pages
        for index in range(row_group.num_columns):
            chunk = row_group.column(index)
            start = chunk.dictionary_page_offset if chunk.has_dictionary_page else chunk.data_page_offset
            if start is None or start < 4 or start + chunk.total_compressed_size > size:
                msg = f"row group {group}, column {chunk.path_in_schema}: its bytes lie outside the file"
                raise pa.ArrowInvalid(msg)
