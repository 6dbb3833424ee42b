"""Takes the landing files of a home in anew, in a throw-away home, and compares what came out with what is stored.

Only files the ledger knows are read again: what has arrived since belongs to the next run.
"""

import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from assets.finding import Finding
from assets.ingest import IngestError, ingest
from assets.ingest.discover import find_landing_files
from assets.warehouse import Warehouse, open_warehouse
from contracts.settings import Settings
from contracts.sources import SOURCES
from sql.mappings import MappingSet, load_mapping_set
from sql.queries import QueryError

NAME = "totals recomputed from the landing files"
_AMOUNTS = {
    "orders": "sum(shipping_fee)",
    "order_items": "sum(line_amount)",
    "events": "sum(date_diff('day', date '2000-01-01', activity_date))",
    "feedback": "sum(cast(score as decimal(18, 4)))",
    "products": "sum(list_price)",
}


@dataclass(frozen=True)
class Stored:
    """What a home remembers of its shop, contract -> (rows, sum), and file id -> name of every loaded file."""

    shop: dict[str, str | None]
    totals: dict[str, tuple]
    files: dict[str, str]


def stored_totals(warehouse: Warehouse) -> Stored:
    """Return rows and the sum of the amounts (of events: of their days) of every bronze table, and the files they are of."""
    names = ("mapping", "mapping_folder", "time_zone", "currency", "sources")
    totals = {}
    for name in SOURCES:
        columns = f"count(*), {_AMOUNTS.get(name, '0')}"
        totals[name] = warehouse.connection.execute(f"select {columns} from bronze.{name}").fetchone()
    files = warehouse.connection.execute("select file_id, file_name from bronze.file_ledger").fetchall()
    return Stored({name: warehouse.recall(name) for name in names}, totals, dict(files))


def recount(home: Path, settings: Settings, stored: Stored) -> Finding:
    """Return whether the landing files still give the stored totals; says what could not be checked and why."""
    sources = Path(settings.sources or stored.shop["sources"] or home / "landing")
    if not stored.files:
        return Finding(NAME, holds=True, detail="no file was loaded yet")
    if not sources.is_dir():
        return _not_checked(
            f"the folder {sources} is gone; keep landing files, they are what everything can be rebuilt from"
        )
    try:
        mappings = load_mapping_set(stored.shop["mapping_folder"] or stored.shop["mapping"] or settings.mapping)
    except QueryError as error:
        return _not_checked(str(error))
    present, _ = find_landing_files(sources, mappings)
    known = {file.name: file.path for files in present.values() for file in files if file.file_id in stored.files}
    there = {file.file_id for files in present.values() for file in files}
    if gone := sorted(name for file_id, name in stored.files.items() if file_id not in there):
        return _not_checked(f"{len(gone)} of {len(stored.files)} loaded files are gone or changed, such as {gone[0]}")
    try:
        fresh = _taken_in_anew(home, known, mappings, stored, memory_limit=settings.memory_limit)
    except IngestError as error:
        return _not_checked(str(error))
    apart = [
        f"{table} has {stored.totals[table][0]:,} rows (sum {stored.totals[table][1]}), its files give {rows:,} (sum {total})"
        for table, (rows, total) in fresh.totals.items()
        if stored.totals[table] != (rows, total)
    ]
    same = ", ".join(f"{table} {rows:,} rows" for table, (rows, _) in fresh.totals.items() if rows)
    return Finding(NAME, not apart, "; ".join(apart) or f"{len(known)} files: {same}")


def _taken_in_anew(
    home: Path, files: dict[str, Path], mappings: MappingSet, stored: Stored, *, memory_limit: str
) -> Stored:
    scratch = Path(tempfile.mkdtemp(prefix="doctor-", dir=home / "tmp"))
    try:
        for name, path in files.items():
            link = scratch / "landing" / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path.resolve())
        ingest(
            scratch / "home",
            scratch / "landing",
            mappings,
            received_at=datetime.now(UTC).replace(tzinfo=None),
            time_zone=str(stored.shop["time_zone"]),
            base_currency=str(stored.shop["currency"]),
            memory_limit=memory_limit,
        )
        with open_warehouse(scratch / "home", memory_limit=memory_limit) as again:
            return stored_totals(again)
    finally:
        shutil.rmtree(scratch)


def _not_checked(reason: str) -> Finding:
    return Finding(NAME, holds=True, detail=f"not checked: {reason}")
