"""Decides what is to be loaded: units whose files, lookups, mapping or contract changed since they were loaded last.

Finding files belongs to `assets/ingest/discover.py`, loading a unit to `assets/ingest/unit.py`.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from assets.ingest.discover import LandingFile
from assets.landing.engine import Connection
from contracts.sources import SOURCES
from sql.mappings import Mapping, MappingSet

DERIVED = "derived"
"""file_id of rows that stand for several landing rows, perhaps of several files."""

Files = dict[str, list[LandingFile]]


@dataclass(frozen=True)
class Unit:
    """What is loaded together: a mapping, its primary files, the files it looks up in, and the fingerprint of all."""

    mapping: Mapping
    files: tuple[LandingFile, ...]
    lookups: tuple[LandingFile, ...]
    fingerprint: str

    @property
    def file_ids(self) -> list[str]:
        """Under which ids its rows and ledger lines stand."""
        return [DERIVED] if self.mapping.is_derived else [file.file_id for file in self.files]

    @property
    def file_names(self) -> str:
        """Its primary files, for messages; the first three and how many more."""
        names = [file.name for file in self.files]
        return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


@dataclass(frozen=True)
class Plan:
    """The units of one mapping that must be loaded, what is worth telling, and why it is stopped if it is."""

    units: tuple[Unit, ...]
    notices: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()


def fingerprint(
    mappings: MappingSet,
    mapping: Mapping,
    file_ids: list[str],
    lookup_ids: list[str],
    *,
    base_currency: str,
    zone: str,
) -> str:
    """Return 16 hex digits that change with anything the rows of a unit depend on."""
    tables = [mappings.landing_tables[name] for name in (mapping.primary, *mapping.lookups)]
    options = [f"{table.name} {table.encoding} {table.delimiter}" for table in tables]
    parts = [mapping.sql, repr(SOURCES[mapping.contract]), base_currency, zone, *options]
    parts += sorted(file_ids) + [f"lookup {file_id}" for file_id in sorted(lookup_ids)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def plan_mapping(
    connection: Connection, mappings: MappingSet, mapping: Mapping, files: Files, *, base_currency: str, zone: str
) -> Plan:
    """Return what of one mapping is new or changed: a unit per file, or one for a mapping that needs every file at once."""
    own = files[mapping.primary]
    lookups = [file for name in mapping.lookups for file in files[name]]
    known = dict(
        connection.execute(
            "select file_id, fingerprint from warehouse.bronze.row_ledger where contract = $1", [mapping.contract]
        ).fetchall()
    )

    def print_of(file_ids: list[str]) -> str:
        lookup_ids = [file.file_id for file in lookups]
        return fingerprint(mappings, mapping, file_ids, lookup_ids, base_currency=base_currency, zone=zone)

    units = []
    for group in [own] if mapping.needs_every_file else [[file] for file in own]:
        if group:
            unit = Unit(mapping, tuple(group), tuple(lookups), print_of([file.file_id for file in group]))
            if any(known.get(file_id) != unit.fingerprint for file_id in unit.file_ids):
                units.append(unit)
    if not mapping.needs_every_file:
        return Plan(tuple(units), tuple(_left_behind(connection, mapping, known, own, print_of)))
    gone = _gone_files(connection, mapping, own)
    if gone and units:
        return Plan((), stopped=(_gone_message(mapping, gone),))
    return Plan(tuple(units))


def _left_behind(
    connection: Connection, mapping: Mapping, known: dict, own: list[LandingFile], print_of: Callable[[list[str]], str]
) -> list[str]:
    """Name the files that are no longer there but were loaded under other rules: their rows stay as they are."""
    present = {file.file_id for file in own}
    names = dict(connection.execute("select file_id, file_name from warehouse.bronze.file_ledger").fetchall())
    return [
        f"{names.get(file_id, file_id)}: {mapping.contract} loaded from it under an earlier mapping or contract stay as "
        "they are, because the file is gone; put it back to have it read again"
        for file_id, old in sorted(known.items())
        if file_id not in present and file_id != DERIVED and old != print_of([file_id])
    ]


def _gone_files(connection: Connection, mapping: Mapping, own: list[LandingFile]) -> list[str]:
    """Return the files that the present rows were computed from and whose name no file bears any more."""
    rows = connection.execute(
        "select file_id, file_name from warehouse.bronze.unit_files where contract = $1 order by file_name",
        [mapping.contract],
    ).fetchall()
    ids, names = {file.file_id for file in own}, {file.name for file in own}
    return [name for file_id, name in rows if file_id not in ids and name not in names]


def _gone_message(mapping: Mapping, gone: list[str]) -> str:
    shown = ", ".join(gone[:5]) + (f" and {len(gone) - 5} more" if len(gone) > 5 else "")
    return (
        f"{shown}: {mapping.contract} stopped: its rows are computed over all files of {mapping.primary} together, and "
        f"{len(gone)} of those it was computed from are gone; put them back below the sources folder, else "
        "their rows would be lost"
    )
