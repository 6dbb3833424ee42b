"""One landing file into one throw-away staging table, with a ledger that balances.

Formats, encodings and compression have their own modules; contracts, mappings and quarantine are the caller's.
"""

from pathlib import Path

import duckdb

from assets.landing.compression import COMPRESSED_SUFFIXES, content_hash, expand
from assets.landing.csv_dialect import read_dialect
from assets.landing.csv_fast import stage_clean_csv
from assets.landing.csv_staging import stage_csv
from assets.landing.encoding import utf8_text
from assets.landing.jsonl import stage_jsonl
from assets.landing.ledger import (
    ROW_COLUMN,
    LedgerImbalanceError,
    ReadOptions,
    Reject,
    StagedFile,
    UnreadableFileError,
    quoted,
)
from assets.landing.parquet import stage_parquet

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
}


def file_format(path: Path) -> str:
    """`csv`, `jsonl` or `parquet`, by the name's suffix before any `.gz` or `.zst`.

    Raises
    ------
    UnreadableFileError
        Another suffix, or a compressed Parquet file.

    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compressed = suffixes[-1:] and suffixes[-1] in COMPRESSED_SUFFIXES
    suffix = (suffixes[-2] if len(suffixes) > 1 else "") if compressed else "".join(suffixes[-1:])
    kind = FORMATS.get(suffix)
    if kind is None or (compressed and kind == "parquet"):
        msg = f"{path.name}: no known format: use one of {', '.join(FORMATS)} (text formats also with .gz or .zst)."
        raise UnreadableFileError(msg)
    return kind


def stage_file(
    connection: duckdb.DuckDBPyConnection, path: Path, table: str, options: ReadOptions, scratch: Path
) -> StagedFile:
    """The file as `staging.<table>` (a view for Parquet, else a table of texts with `_row`), and its ledger.

    The caller drops the table and empties `scratch`; both may hold direct identifiers. After these errors no table is left.

    Raises
    ------
    UnreadableFileError
        The file as a whole cannot be used.
    LedgerImbalanceError
        Records counted differ from staged plus rejected: this program is wrong, nothing may be used.

    """
    connection.execute("create schema if not exists staging")
    try:
        return _staged(connection, path, table, options, scratch)
    except (UnreadableFileError, LedgerImbalanceError):
        connection.execute(f"drop table if exists staging.{quoted(table)}")
        raise


def _staged(
    connection: duckdb.DuckDBPyConnection, path: Path, table: str, options: ReadOptions, scratch: Path
) -> StagedFile:
    kind = file_format(path)
    rejects: list[Reject] = []
    encoding, offsets_known = "utf-8", False
    columns: tuple[str, ...] = ()
    if kind == "parquet":
        counted, columns = stage_parquet(connection, path, table)
    else:
        source = expand(path, scratch)
        text = utf8_text(source, path.name, options, scratch)
        encoding, offsets_known = text.encoding, text.offsets_known and source == path
        if kind == "jsonl":
            counted, columns, rejects = stage_jsonl(connection, text, path.name, table)
        elif (dialect := read_dialect(text, path.name, options)) is not None:
            columns = dialect.columns
            clean = stage_clean_csv(connection, text, dialect, table)
            counted, rejects = (clean, []) if clean is not None else stage_csv(connection, text, dialect, table)
        else:
            counted = 0
            connection.execute(f"create table staging.{quoted(table)} ({quoted(ROW_COLUMN)} bigint)")
    row = connection.execute(f"select count(*) from staging.{quoted(table)}").fetchone()
    staged = int(row[0]) if row else 0
    if counted != staged + len(rejects):
        msg = (
            f"{path.name}: {counted:,} records counted, but {staged:,} staged and {len(rejects):,} rejected. "
            "Nothing of the file is used; please report it."
        )
        raise LedgerImbalanceError(msg)
    return StagedFile(
        table=table,
        path=path,
        format=kind,
        encoding=encoding,
        content_hash=content_hash(path),
        byte_size=path.stat().st_size,
        columns=columns,
        records_counted=counted,
        staged=staged,
        rejected=len(rejects),
        rejects=tuple(rejects),
        offsets_known=offsets_known,
    )
