"""What staging a file answers: options, rejected records, the ledger of one file, and the two errors.

Reading bytes and parsing records belong to the other modules here; contracts and quarantine to `assets/ingest/`.
"""

from dataclasses import dataclass
from pathlib import Path

MAX_RECORD_BYTES = 1 << 20
"""A longer record (1 MiB) is a fault of the file, not data: it is rejected. A 100 KB text passes."""

RAW_TEXT_BYTES = 64 << 10
"""Of an over-long record this much is kept as raw text; the file itself and the byte offset hold the rest."""

ROW_COLUMN = "_row"
"""Name of the record number in every staged table, 1-based among the data records (header excluded)."""


@dataclass(frozen=True)
class ReadOptions:
    """What the mapping declares about a file. None means: detect safely, or refuse with a reason."""

    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True)
class Reject:
    """One record that could not be staged.

    `record_number` is 1-based among the data records. `byte_offset` counts from the start of the file as sent when that
    is uncompressed UTF-8 (or ASCII), else from the start of the decoded UTF-8 text: `StagedFile.offsets_known` says
    which.
    """

    record_number: int
    byte_offset: int
    reason: str
    raw_text: str


@dataclass(frozen=True)
class StagedFile:
    """The ledger of one file in staging: `records_counted == staged + rejected`, checked before this exists.

    `content_hash` (sha256) and `byte_size` are of the file as sent. `columns` leaves out `_row`. `offsets_known` is
    true when byte offsets point into the file as sent (uncompressed CSV or JSON Lines in UTF-8).
    """

    table: str
    path: Path
    format: str
    encoding: str
    content_hash: str
    byte_size: int
    columns: tuple[str, ...]
    records_counted: int
    staged: int
    rejected: int
    rejects: tuple[Reject, ...]
    offsets_known: bool


class UnreadableFileError(Exception):
    """The file as a whole cannot be used; a fault of the data. The message says what, where, and what to do."""


class LedgerImbalanceError(Exception):
    """Records counted, staged and rejected do not add up: a fault of this program. Nothing of the file may be used."""


def quoted(name: str) -> str:
    """The name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def checked_columns(file_name: str, names: list[str]) -> tuple[str, ...]:
    """Column names stripped of byte order mark and white space; a column without a name is `column_<position>`.

    Exports with a row index have an unnamed first column; refusing them would help nobody.

    Raises
    ------
    UnreadableFileError
        A name is taken twice (DuckDB does not tell upper from lower case), or `_row`.

    """
    stripped = [name.strip("\ufeff \t\r\n\u00a0\u3000") for name in names]
    columns = tuple(name or f"column_{position}" for position, name in enumerate(stripped, start=1))
    seen: dict[str, int] = {}
    for position, column in enumerate(columns, start=1):
        if column.lower() == ROW_COLUMN:
            msg = (
                f"{file_name}: header column {position} is called {ROW_COLUMN}, the name of record numbers: rename it."
            )
            raise UnreadableFileError(msg)
        if column.lower() in seen:
            msg = (
                f"{file_name}: header columns {seen[column.lower()]} and {position} are both called {column!r} "
                "(upper and lower case count as equal): rename one, so that no value is taken for the other."
            )
            raise UnreadableFileError(msg)
        seen[column.lower()] = position
    return columns
