"""Loads a shop's landing files into bronze: what is new is staged, mapped, checked, and every row accounted for.

Reading files belongs to `assets/landing/`, the checked SELECT to `assets/ingest/contract_sql.py`, what is written of a
unit to `assets/ingest/unit.py`.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from assets.ingest.discover import LandingFile, find_landing_files
from assets.ingest.identifiers import direct_columns
from assets.ingest.unit import DERIVED, Staged, Unit, load_unit
from assets.landing import ReadOptions, UnreadableFileError, stage_file
from assets.warehouse import DEFAULT_MEMORY_LIMIT, open_staging
from contracts.sources import SOURCES
from sql.mappings import Mapping, MappingSet


class IngestError(ValueError):
    """The landing files cannot be taken in as they are; the message says which, why, and what to do."""


@dataclass
class IngestSummary:
    """What one ingest did: rows per contract and outcome, notices, sources that were stopped, dates that changed."""

    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    touched_dates: int = 0
    files_read: int = 0
    files_known: int = 0

    @property
    def changed(self) -> bool:
        """Whether any row was added, replaced or taken away."""
        return self.files_read > 0


def _fingerprint(mapping: Mapping, files: list[LandingFile], lookups: list[LandingFile], base_currency: str, zone: str) -> str:
    parts = [mapping.sql, str(SOURCES[mapping.contract].version), base_currency, zone]
    parts += [file.sha256 for file in files] + [f"lookup {file.sha256}" for file in lookups]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def plan_units(
    mappings: MappingSet, files: dict[str, list[LandingFile]], known: dict[tuple[str, str], str], *, base_currency: str, zone: str
) -> list[Unit]:
    """Return the units that are new or changed: one per file, or one per mapping that needs every file at once.

    `known` maps (contract, file_id) to the fingerprint with which it was loaded.
    """
    units = []
    for mapping in mappings.mappings.values():
        own = files[mapping.primary]
        lookups = [file for name in mapping.lookups for file in files[name]]
        groups = [own] if mapping.needs_every_file else [[file] for file in own]
        for group in groups:
            if not group:
                continue
            fingerprint = _fingerprint(mapping, group, lookups, base_currency, zone)
            ids = [DERIVED] if mapping.is_derived else [file.file_id for file in group]
            if any(known.get((mapping.contract, file_id)) != fingerprint for file_id in ids):
                units.append(Unit(mapping, tuple(group), tuple(lookups), fingerprint))
    return units


def ingest(
    home: Path,
    sources: Path,
    mappings: MappingSet,
    *,
    received_at: datetime,
    time_zone: str,
    base_currency: str,
    memory_limit: str = DEFAULT_MEMORY_LIMIT,
) -> IngestSummary:
    """Load what is new below `sources` into the bronze tables of `home` and return what happened.

    A file whose content was loaded before is not read again; a file whose mapping or lookups changed replaces its rows.
    A missing required column or an unreadable file stops that source alone and is listed in `stopped`.

    Raises:
        IngestError: no file of the mapping is there at all.
        LedgerError: rows in and rows out do not balance (that file is rolled back).
    """
    summary = IngestSummary()
    files, unread = find_landing_files(sources, mappings)
    if not any(files.values()):
        expected = "; ".join(f"{table.name}: {' or '.join(table.patterns)}" for table in mappings.landing_tables.values())
        message = f"{sources}: holds no file of mapping {mappings.name!r}. Expected {expected}"
        raise IngestError(message)
    summary.notices += [f"{name}: is read by no landing table of mapping {mappings.name}; left alone" for name in unread]
    with open_staging(home, time_zone, memory_limit=memory_limit) as connection:
        known = {
            (contract, file_id): fingerprint
            for contract, file_id, fingerprint in connection.execute(
                "select contract, file_id, fingerprint from warehouse.bronze.row_ledger"
            ).fetchall()
        }
        units = plan_units(mappings, files, known, base_currency=base_currency, zone=time_zone)
        needed = {file.file_id: file for unit in units for file in (*unit.files, *unit.lookups)}
        summary.files_read = len(needed)
        summary.files_known = len({file.file_id for group in files.values() for file in group}) - len(needed)
        staged = _stage(connection, list(needed.values()), home, summary, received_at)
        _notice_columns(connection, mappings, staged, summary, received_at)
        touched: set = set()
        for unit in units:
            outcome = load_unit(connection, unit, staged, received_at=received_at, base_currency=base_currency)
            summary.stopped += outcome.stopped
            summary.notices += outcome.notices
            touched |= outcome.touched_dates
            totals = summary.rows.setdefault(unit.mapping.contract, {})
            for name, count in outcome.rows.items():
                totals[name] = totals.get(name, 0) + count
        summary.touched_dates = len(touched)
        _write_notices(connection, summary, received_at)
        _touch(connection, touched)
    return summary


def _stage(
    connection: duckdb.DuckDBPyConnection, files: list[LandingFile], home: Path, summary: IngestSummary, received_at: datetime
) -> dict[str, Staged]:
    staged = {}
    scratch = home / "tmp"
    for file in files:
        options = ReadOptions(encoding=file.table.encoding, delimiter=file.table.delimiter)
        try:
            result = stage_file(connection, file.path, f"file_{file.file_id}", options, scratch)
        except UnreadableFileError as error:
            summary.stopped.append(str(error))
            continue
        staged[file.file_id] = Staged(file, result, options)
        connection.execute("delete from warehouse.bronze.file_ledger where file_id = $1", [file.file_id])
        connection.execute(
            "insert into warehouse.bronze.file_ledger values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            [
                file.file_id, file.table.name, file.name, result.format, result.encoding, result.byte_size,
                result.records_counted, result.staged, result.rejected, received_at,
            ],
        )  # fmt: skip
    return staged


def _notice_columns(
    connection: duckdb.DuckDBPyConnection,
    mappings: MappingSet,
    staged: dict[str, Staged],
    summary: IngestSummary,
    received_at: datetime,
) -> None:
    """Note columns that a landing table never had before, and direct identifiers that are dropped."""
    people = {mapping.primary: mapping.contract for mapping in mappings.mappings.values()}
    for item in staged.values():
        table, columns = item.file.table.name, item.result.columns
        dropped = direct_columns(people.get(table, ""), columns)
        if dropped:
            summary.notices.append(f"{item.file.name}: dropped the direct identifiers {', '.join(dropped)}; they are not stored")
        seen = {
            row[0]
            for row in connection.execute(
                "select column_name from warehouse.bronze.landing_columns where landing_table = $1", [table]
            ).fetchall()
        }
        fresh = [name for name in columns if name not in seen]
        if seen and fresh:
            summary.notices.append(f"{item.file.name}: new column {', '.join(fresh)}; no mapping reads it until you add it there")
        for name in fresh:
            connection.execute("insert into warehouse.bronze.landing_columns values ($1, $2, $3)", [table, name, received_at])


def _write_notices(connection: duckdb.DuckDBPyConnection, summary: IngestSummary, received_at: datetime) -> None:
    for text in (*summary.notices, *summary.stopped):
        name, _, notice = text.partition(": ")
        connection.execute("insert into warehouse.bronze.notices values ($1, '', $2, $3)", [name, notice, received_at])


def _touch(connection: duckdb.DuckDBPyConnection, dates: set) -> None:
    """Tell every incremental table that was built before which dates have changed."""
    tables = connection.execute("select table_name from warehouse.bronze.table_state").fetchall()
    for (table,) in tables:
        for day in sorted(dates):
            connection.execute("insert into warehouse.bronze.touched_dates values ($1, $2)", [table, day])
