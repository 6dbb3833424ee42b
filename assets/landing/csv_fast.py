"""The quick way for clean CSV: DuckDB reads it, pyarrow counts and spot-checks it, both must agree with the lines.

Belongs here: when a file qualifies, and the proof that nothing was lost. A file with any oddity is read by
`csv_staging.py` instead, whose verdict on records is the one that counts. `ignore_errors` is never used: one stray quote
made it drop 141,000 good rows.
"""

import duckdb
import pyarrow as pa
import pyarrow.csv as pacsv

from assets.landing.csv_dialect import CsvDialect
from assets.landing.encoding import Utf8Text
from assets.landing.ledger import ROW_COLUMN, quoted

_BLOCK = 4 << 20
_ERRORS = "trellis_landing_reject_errors"
_SCANS = "trellis_landing_reject_scans"


def stage_clean_csv(
    connection: duckdb.DuckDBPyConnection, text: Utf8Text, dialect: CsvDialect, table: str
) -> int | None:
    """Records counted and staged in `staging.<table>`; None, and no table, if the file is not provably clean.

    Clean: each line after the header is one record; pyarrow parses as many as there are lines; DuckDB rejects none, has
    as many, and shows the same first value at the first record of each block, so `_row` is the line's place in the file.
    """
    if not _qualifies(text, dialect):
        return None
    lines = text.facts.physical_lines - dialect.lines_before_data
    samples = _counted_by_pyarrow(text, dialect, lines)
    if samples is None:
        return None
    if _read_by_duckdb(connection, text, dialect, table) == lines and _agrees(connection, table, dialect, samples):
        return lines
    connection.execute(f"drop table if exists staging.{quoted(table)}")
    return None


def _qualifies(text: Utf8Text, dialect: CsvDialect) -> bool:
    facts = text.facts
    return (
        len(dialect.columns) > 1
        and dialect.lines_before_data == 1
        and facts.physical_lines > 1
        and not facts.has_nul
        and not facts.has_spaced_quote
        and not facts.may_have_long_line
        and facts.first_invalid is None
        and facts.lone_carriage_returns == 0
        and facts.crlf in (0, facts.line_feeds)
    )


def _counted_by_pyarrow(text: Utf8Text, dialect: CsvDialect, lines: int) -> dict[int, str] | None:
    """First value of some records by record number, if pyarrow parses exactly `lines` records; else None."""
    names = [f"c{position}" for position in range(len(dialect.columns))]
    samples: dict[int, str] = {}
    count = 0
    try:
        with pacsv.open_csv(
            text.path,
            read_options=pacsv.ReadOptions(column_names=names, skip_rows=1, block_size=_BLOCK),
            parse_options=pacsv.ParseOptions(delimiter=dialect.delimiter, newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(include_columns=names[:1], column_types={names[0]: pa.string()}),
        ) as reader:
            for batch in reader:
                if batch.num_rows:
                    samples[count + 1] = batch.column(0)[0].as_py()
                count += batch.num_rows
    except pa.ArrowInvalid:  # a line with another number of columns: found and named by the careful reader
        return None
    return samples if count == lines else None


def _read_by_duckdb(
    connection: duckdb.DuckDBPyConnection, text: Utf8Text, dialect: CsvDialect, table: str
) -> int | None:
    columns = dict.fromkeys(dialect.columns, "VARCHAR")
    # The warehouse's connections do not keep the order of rows, but here the order is the record number.
    kept = connection.execute("select current_setting('preserve_insertion_order')").fetchone()
    connection.execute("set preserve_insertion_order = true")
    try:
        connection.execute(
            f"""
            create table staging.{quoted(table)} as
            select row_number() over () as {quoted(ROW_COLUMN)}, *
            from read_csv(
                $path, columns = $columns, delim = $delimiter, quote = '"', escape = '"', header = true,
                auto_detect = false,
                store_rejects = true, rejects_limit = 0, rejects_table = '{_ERRORS}', rejects_scan = '{_SCANS}'
            )
            """,
            {"path": str(text.path), "columns": columns, "delimiter": dialect.delimiter},
        )
        rejected = connection.execute(f"select count(*) from {_ERRORS}").fetchone()
        staged = connection.execute(f"select count(*) from staging.{quoted(table)}").fetchone()
    except duckdb.InvalidInputException:  # what it can neither read nor reject, the careful reader names
        return None
    finally:
        connection.execute(f"set preserve_insertion_order = {'true' if kept and kept[0] else 'false'}")
        connection.execute(f"drop table if exists {_ERRORS}")
        connection.execute(f"drop table if exists {_SCANS}")
    return staged[0] if staged and rejected and rejected[0] == 0 else None


def _agrees(connection: duckdb.DuckDBPyConnection, table: str, dialect: CsvDialect, samples: dict[int, str]) -> bool:
    rows = connection.execute(
        f"select {quoted(ROW_COLUMN)}, coalesce({quoted(dialect.columns[0])}, '') from staging.{quoted(table)} "
        f"where {quoted(ROW_COLUMN)} in (select unnest($numbers))",
        {"numbers": list(samples)},
    ).fetchall()
    return dict(rows) == samples
