"""Writing tables to Parquet or CSV, block by block, with a count of the records so far.

Belongs here: file formats. Does not belong here: what the rows say.
"""

import io
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from pipelines.world.parameters import TIME_ZONE_OFFSET_S

FileFormat = Literal["parquet", "csv"]
_PLAIN_COLUMNS = ("event_id", "occurred_at", "order_id", "feedback_id", "phone", "updated_at", "ordered_at")
"""Columns of (nearly) unique values, for which Parquet dictionaries only cost time."""


class TableWriter:
    """One file of one source; each call of `write` appends a block (a row group in Parquet)."""

    def __init__(self, path: Path, file_format: FileFormat) -> None:
        """Open nothing yet: the first block gives the columns."""
        self.path = path
        self.records = 0
        self._format: FileFormat = file_format
        self._parquet: pq.ParquetWriter | None = None
        self._text: io.BufferedWriter | None = None

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file; after an error what was written is left as it is."""
        if self._parquet is not None:
            self._parquet.close()
        if self._text is not None:
            self._text.close()

    def write(self, table: pa.Table) -> None:
        """Append the rows of a table."""
        if self._format == "parquet":
            if self._parquet is None:
                self._parquet = _parquet_writer(self.path, table.schema)
            self._parquet.write_table(table, row_group_size=max(len(table), 1))
        else:
            lines = csv_lines(table)
            if self._text is None:
                self._text = self.path.open("wb")
                self._text.write(csv_header(table))
            self._text.write(lines)
        self.records += len(table)

    def write_lines(self, header: bytes, lines: list[bytes]) -> None:
        """Append CSV records that are already text, one per entry, each with its line end."""
        if self._text is None:
            self._text = self.path.open("wb")
            self._text.write(header)
        self._text.writelines(lines)
        self.records += len(lines)


def _parquet_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    names = [name for name in schema.names if name not in _PLAIN_COLUMNS]
    # store_schema=False: readers see plain text, not Arrow dictionaries.
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=names,  # pyright: ignore[reportArgumentType] - the stub knows only bool
        dictionary_pagesize_limit=16 * 1024 * 1024,
        write_statistics=True,
        store_schema=False,
    )


def csv_header(table: pa.Table) -> bytes:
    """Return the header line: the column names."""
    return (",".join(table.column_names) + "\n").encode()


def csv_lines(table: pa.Table) -> bytes:
    """Return the records as CSV text: empty = null, times in ISO 8601 with +08:00, text in quotes."""
    text = pa.table({name: _csv_column(table.column(name)) for name in table.column_names})
    buffer = io.BytesIO()
    pa_csv.write_csv(text, buffer, pa_csv.WriteOptions(include_header=False))
    return buffer.getvalue()


def _csv_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        return column.cast(pa.string())
    if pa.types.is_timestamp(column.type):
        shift = pa.scalar(np.timedelta64(TIME_ZONE_OFFSET_S, "s").astype("timedelta64[us]"))
        local = pc.call_function("add", [column.cast(pa.timestamp("us")), shift])
        written = pc.call_function("strftime", [local], pc.StrftimeOptions(format="%Y-%m-%dT%H:%M:%S"))
        return pc.call_function("binary_join_element_wise", [written, pa.scalar("+08:00"), pa.scalar("")])
    return column
