"""Reads landing files into the throw-away database, each once, when a mapping first needs it; writes their ledger lines.

Cutting records belongs to `assets/landing/`; what a mapping sees of the staged tables to `assets/ingest/views.py`.
"""

import re
import shutil
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pandas as pd

from assets.ingest.discover import LandingFile
from assets.ingest.identifiers import direct_columns, mask_patterns, mask_shape
from assets.ingest.seen_keys import SeenKeys
from assets.landing import ReadOptions, StagedFile, UnreadableFileError, stage_file
from assets.landing.engine import Connection
from sql.mappings import MappingSet

_COMMENT = re.compile(r"--[^\n]*")
MALFORMED = "landing"
"""What stands for the contract of a record that is not well-formed: it never reached one."""


@dataclass(frozen=True)
class Staged:
    """A landing file that was read: where it came from, its staged table, and the columns no mapping may see."""

    file: LandingFile
    result: StagedFile
    options: ReadOptions
    identifiers: tuple[str, ...]


@dataclass
class Staging:
    """The landing files of one ingest in the throw-away database; `seen`: contract -> its key hashes so far."""

    connection: Connection
    mappings: MappingSet
    received_at: datetime
    scratch: Path
    notices: list[str] = field(default_factory=list)
    unreadable: dict[tuple[str, str], str] = field(default_factory=dict)
    rejected: int = 0
    seen: dict[str, SeenKeys] = field(default_factory=lambda: defaultdict(SeenKeys))
    _staged: dict[tuple[str, str], Staged] = field(default_factory=dict)

    @property
    def files_read(self) -> int:
        """How many files were read, the unreadable ones included."""
        return len(self._staged) + len(self.unreadable)

    def read(self, file: LandingFile) -> Staged | None:
        """Return the staged file, reading it if it was not yet; None if it cannot be read (`unreadable` says why)."""
        key = (file.table.name, file.file_id)
        if key in self.unreadable:
            return None
        if key not in self._staged:
            options = ReadOptions(encoding=file.table.encoding, delimiter=file.table.delimiter)
            self.scratch.mkdir(parents=True, exist_ok=True)
            try:
                result = stage_file(
                    self.connection, file.path, f"{file.table.name}_{file.file_id}", options, self.scratch
                )
            except UnreadableFileError as error:
                self.unreadable[key] = str(error)
                return None
            finally:
                # what was expanded or transcoded may hold direct identifiers and is of no further use once staged
                shutil.rmtree(self.scratch)
            staged = Staged(file, result, options, direct_columns(self._readers(file.table.name), result.columns))
            self._staged[key] = staged
            self._write_ledger(staged)
            self._notice_columns(staged)
        return self._staged[key]

    def drop(self, table: str) -> None:
        """Drop what was staged of a landing table that no further mapping reads."""
        for (name, _), staged in self._staged.items():
            if name == table:
                kind = "view" if staged.result.format == "parquet" else "table"
                self.connection.execute(f'drop {kind} if exists staging."{staged.result.table}"')

    def _readers(self, table: str) -> list[str]:
        return [
            mapping.contract
            for mapping in self.mappings.mappings.values()
            if table in (mapping.primary, *mapping.lookups)
        ]

    def _is_read(self, table: str, column: str) -> bool:
        """Return whether a mapping of the table holds the column's name: a misspelt optional column is not."""
        word = re.compile(rf"(?<!\w){re.escape(column)}(?!\w)", re.IGNORECASE)
        texts = [mapping.sql for mapping in self.mappings.mappings.values() if mapping.contract in self._readers(table)]
        return any(word.search(_COMMENT.sub("", text)) for text in texts)

    def _write_ledger(self, staged: Staged) -> None:
        """Write the file's ledger line and its malformed records, replacing those of an earlier reading."""
        file, result = staged.file, staged.result
        self.rejected += result.rejected
        if result.rejected:
            self.notices.append(
                f"{file.name}: {result.rejected:,} of {result.records_counted:,} records are not well-formed; they are in the "
                "quarantine (`trellis quarantine list`)"
            )
        run = self.connection.execute
        run("begin transaction")
        try:
            run(
                "delete from warehouse.bronze.file_ledger where file_id = $1 and landing_table = $2",
                [file.file_id, file.table.name],
            )
            run(
                "insert into warehouse.bronze.file_ledger values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                [
                    file.file_id, file.table.name, file.name, result.format, result.encoding, result.byte_size,
                    result.records_counted, result.staged, result.rejected, self.received_at,
                ],
            )  # fmt: skip
            run(
                "delete from warehouse.bronze.quarantine where file_id = $1 and contract = $2",
                [file.file_id, MALFORMED],
            )
            self._quarantine_malformed(staged)
        except BaseException:
            run("rollback")
            raise
        run("commit")

    def _quarantine_malformed(self, staged: Staged) -> None:
        if not staged.result.rejects:
            return
        mask = mask_shape if staged.identifiers else mask_patterns
        names = pd.Index(["record_number", "byte_offset", "reason", "raw_text"])
        rows = [(one.record_number, one.byte_offset, one.reason, mask(one.raw_text)) for one in staged.result.rejects]
        self.connection.register("malformed", pd.DataFrame(rows, columns=names))
        self.connection.execute(
            "insert into warehouse.bronze.quarantine "
            "select $1, $2, $3, 0, record_number, byte_offset, reason, raw_text, $4 from malformed",
            [staged.file.file_id, staged.file.name, MALFORMED, self.received_at],
        )
        self.connection.unregister("malformed")

    def _notice_columns(self, staged: Staged) -> None:
        """Note columns that a landing table never had before, and direct identifiers that are dropped."""
        table, name = staged.file.table.name, staged.file.name
        if staged.identifiers:
            dropped = ", ".join(staged.identifiers)
            self.notices.append(
                f"{name}: dropped the direct identifiers {dropped}; they are not stored and no mapping sees them"
            )
        rows = self.connection.execute(
            "select column_name from warehouse.bronze.landing_columns where landing_table = $1", [table]
        ).fetchall()
        seen = {row[0] for row in rows}
        fresh = [column for column in staged.result.columns if column not in seen]
        unread = [column for column in fresh if column not in staged.identifiers and not self._is_read(table, column)]
        if seen and fresh:
            told = f"; no mapping reads {', '.join(unread)} until you add it there" if unread else ""
            self.notices.append(f"{name}: new column {', '.join(fresh)}{told}")
        elif unread:
            self.notices.append(f"{name}: no mapping reads the columns {', '.join(unread)}")
        self.connection.execute(
            "insert into warehouse.bronze.landing_columns select $1, unnest($2::varchar[]), $3",
            [table, fresh, self.received_at],
        )
