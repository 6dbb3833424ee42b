"""CSV records into a staging table of texts, for any file: what is no record is rejected with a reason, one by one.

Two parsers have to agree on every batch: the grammar of `csv_records.py` says how many records it holds, pyarrow parses
them; and every line of the scan has to be accounted for. Clean files take the quicker way of `csv_fast.py`.
"""

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from assets.landing.csv_dialect import CsvDialect
from assets.landing.csv_records import LineTally, Run, read_records
from assets.landing.encoding import Utf8Text
from assets.landing.ledger import ROW_COLUMN, LedgerImbalanceError, Reject, quoted

_BATCH_BYTES = 8 << 20
_VIEW = "trellis_landing_batch"


def stage_csv(
    connection: duckdb.DuckDBPyConnection, text: Utf8Text, dialect: CsvDialect, table: str
) -> tuple[int, list[Reject]]:
    """Records counted, and the rejects; fills `staging.<table>`: `_row`, one VARCHAR per column (empty = NULL)."""
    columns = ", ".join(f"{quoted(column)} varchar" for column in dialect.columns)
    connection.execute(f"create table staging.{quoted(table)} ({quoted(ROW_COLUMN)} bigint, {columns})")
    tally = LineTally()
    rejects: list[Reject] = []
    for batch in _batches(text, dialect, tally, rejects):
        connection.register(_VIEW, _parsed(batch, dialect))
        connection.execute(f"insert into staging.{quoted(table)} select * from {_VIEW}")
        connection.unregister(_VIEW)
    return text.facts.physical_lines - dialect.lines_before_data - tally.blank - tally.continued, rejects


def _batches(text: Utf8Text, dialect: CsvDialect, tally: LineTally, rejects: list[Reject]) -> Iterator[list[Run]]:
    batch: list[Run] = []
    size = 0
    for item in read_records(text, dialect, tally):
        if isinstance(item, Reject):
            rejects.append(item)
            continue
        batch.append(item)
        size += len(item.data)
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _parsed(batch: list[Run], dialect: CsvDialect) -> pa.Table:
    data = batch[0].data if len(batch) == 1 else b"".join(run.data for run in batch)
    numbers = np.concatenate([np.arange(run.first_record, run.first_record + run.count) for run in batch])
    names = [f"c{position}" for position in range(len(dialect.columns))]
    parsed = pacsv.read_csv(
        pa.BufferReader(data),
        read_options=pacsv.ReadOptions(column_names=names, block_size=len(data) + 1, use_threads=False),
        parse_options=pacsv.ParseOptions(delimiter=dialect.delimiter, newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
        ),
    )
    if parsed.num_rows != len(numbers):
        msg = (
            f"records {numbers[0]:,} to {numbers[-1]:,}: cut into {len(numbers):,}, but pyarrow reads "
            f"{parsed.num_rows:,}. The file is not used; please report it with these lines."
        )
        raise LedgerImbalanceError(msg)
    return parsed.add_column(0, ROW_COLUMN, pa.array(numbers, pa.int64()))
