"""Loads a shop's landing files into bronze: what is new is staged, mapped, checked, and every row accounted for.

Reading files belongs to `assets/landing/`, what is new to `assets/ingest/plan.py`, loading a unit to `assets/ingest/unit.py`.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from assets.ingest.discover import find_landing_files
from assets.ingest.plan import Files, plan_mapping
from assets.ingest.staging import Staging
from assets.ingest.unit import load_unit
from assets.landing.engine import Connection
from assets.warehouse import DEFAULT_MEMORY_LIMIT, open_staging
from sql.mappings import MappingSet


class IngestError(ValueError):
    """The landing files cannot be taken in as they are; the message says which, why, and what to do."""


@dataclass
class IngestSummary:
    """What one ingest did: rows per contract and outcome, notices, sources that were stopped, dates that changed.

    `rejected` counts records that are not well-formed, `rows` what became of the others.
    """

    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    rejected: int = 0
    notices: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    touched_dates: int = 0
    files_read: int = 0
    files_known: int = 0

    @property
    def changed(self) -> bool:
        """Whether any file was read and loaded, so that any row may have been added, replaced or taken away."""
        return bool(self.rows)


def ingest(
    home: Path,
    sources: Path,
    mappings: MappingSet,
    *,
    received_at: datetime,
    time_zone: str,
    base_currency: str,
    memory_limit: str = DEFAULT_MEMORY_LIMIT,
    tell: Callable[[str], None] | None = None,
) -> IngestSummary:
    """Load what is new below `sources` into the bronze tables of `home` and return what happened.

    A file whose content was loaded before is not read again; a file whose mapping, lookups or contract changed replaces its
    rows. A missing required column or an unreadable file stops what needs it and is listed in `stopped`. `tell` hears of
    each file before it is loaded.

    Raises:
        IngestError: no file of the mapping is there at all.
        LedgerError: rows in and rows out do not balance (that file is rolled back).
    """
    files, notices = find_landing_files(sources, mappings)
    if not any(files.values()):
        expected = "; ".join(
            f"{table.name}: {' or '.join(table.patterns)}" for table in mappings.landing_tables.values()
        )
        message = f"{sources}: holds no file of mapping {mappings.name!r}. Expected {expected}"
        raise IngestError(message)
    summary = IngestSummary(notices=notices)
    with open_staging(home, time_zone, memory_limit=memory_limit) as connection:
        scratch = _scratch(connection)
        _remove_leftovers(scratch)
        staging = Staging(connection, mappings, received_at, scratch / "files")
        try:
            _load_all(connection, staging, files, summary, base_currency=base_currency, time_zone=time_zone, tell=tell)
        finally:
            summary.notices += staging.notices
            summary.stopped = list(dict.fromkeys([*staging.unreadable.values(), *summary.stopped]))
            summary.rejected, summary.files_read = staging.rejected, staging.files_read
            summary.files_known = sum(len(group) for group in files.values()) - staging.files_read
            _write_notices(connection, summary, received_at)
    return summary


def _load_all(
    connection: Connection,
    staging: Staging,
    files: Files,
    summary: IngestSummary,
    *,
    base_currency: str,
    time_zone: str,
    tell: Callable[[str], None] | None,
) -> None:
    touched: set = set()
    waiting = list(staging.mappings.mappings.values())
    while waiting:
        mapping = waiting.pop(0)
        plan = plan_mapping(connection, staging.mappings, mapping, files, base_currency=base_currency, zone=time_zone)
        summary.notices += plan.notices
        summary.stopped += plan.stopped
        for unit in plan.units:
            if tell:
                tell(f"{mapping.contract} from {unit.file_names}")
            outcome = load_unit(connection, unit, staging, received_at=staging.received_at, base_currency=base_currency)
            summary.stopped += outcome.stopped
            summary.notices += outcome.notices
            touched |= outcome.touched_dates
            if outcome.rows:
                totals = summary.rows.setdefault(mapping.contract, dict.fromkeys(outcome.rows, 0))
                for name, count in outcome.rows.items():
                    totals[name] += count
        summary.touched_dates = len(touched)
        needed = {name for later in waiting for name in (later.primary, *later.lookups)}
        for name in (mapping.primary, *mapping.lookups):
            if name not in needed:
                staging.drop(name)


def _scratch(connection: Connection) -> Path:
    row = connection.execute("select current_setting('temp_directory')").fetchone()
    return Path(str(row[0] if row else ""))


def _remove_leftovers(scratch: Path) -> None:
    """Remove what a killed run left: only one process holds the warehouse, so no other can be using it."""
    for folder in scratch.parent.glob("staging-*"):
        if folder != scratch:
            shutil.rmtree(folder)


def _write_notices(connection: Connection, summary: IngestSummary, received_at: datetime) -> None:
    """Store what was told, each text once with the time it was told last."""
    told = [text.partition(": ") for text in dict.fromkeys((*summary.notices, *summary.stopped))]
    if not told:
        return
    names, notices = [name for name, _, _ in told], [notice for _, _, notice in told]
    connection.execute("begin transaction")
    connection.execute(
        "create or replace temp table told as select unnest($1) as file_name, unnest($2) as notice", [names, notices]
    )
    connection.execute(
        "delete from warehouse.bronze.notices where (file_name, notice) in (select file_name, notice from told)"
    )
    connection.execute("insert into warehouse.bronze.notices select file_name, '', notice, $1 from told", [received_at])
    connection.execute("commit")
