"""What a mapping sees: `landing.<table>`, one view over all staged files of the table that take part.

Direct identifiers are left out; optional columns that a file lacks are there, empty.
"""

from dataclasses import dataclass

from assets.ingest.plan import Unit
from assets.ingest.staging import Staged, Staging
from assets.landing.engine import Connection


@dataclass(frozen=True)
class FileSpan:
    """Which `_row` numbers of a unit are records of which file: record number = _row - first."""

    item: Staged
    first: int

    @property
    def last(self) -> int:
        """The highest `_row` of the file."""
        return self.first + self.item.result.records_counted


@dataclass(frozen=True)
class Landing:
    """The staged files of a unit: the primary ones with their row numbers, and the lookups by landing table."""

    spans: tuple[FileSpan, ...]
    lookups: dict[str, tuple[Staged, ...]]

    @property
    def rows_staged(self) -> int:
        """Rows of the primary files."""
        return sum(span.item.result.staged for span in self.spans)

    @property
    def filled(self) -> tuple[FileSpan, ...]:
        """The primary files that are not wholly empty (a header is enough)."""
        return tuple(span for span in self.spans if span.item.result.columns)

    @property
    def items(self) -> list[Staged]:
        """All files that are read and not wholly empty, the primary ones first."""
        return [span.item for span in self.filled] + [item for found in self.lookups.values() for item in found]


def stage_unit(unit: Unit, staging: Staging) -> Landing | str:
    """Stage what the unit needs; return it, or the reason why the unit cannot be loaded."""
    spans, first = [], 0
    for file in unit.files:
        staged = staging.read(file)
        if staged is None:
            return f"{staging.unreadable[file.table.name, file.file_id]} ({unit.mapping.contract} stopped)"
        spans.append(FileSpan(staged, first))
        first += staged.result.records_counted
    lookups: dict[str, tuple[Staged, ...]] = {}
    for name in unit.mapping.lookups:
        found = []
        for file in (file for file in unit.lookups if file.table.name == name):
            staged = staging.read(file)
            if staged is None:
                reason = staging.unreadable[file.table.name, file.file_id]
                return f"{reason} ({unit.mapping.contract} of {unit.file_names} stopped: it looks up in that file)"
            if staged.result.columns:
                found.append(staged)
        if not found:
            patterns = " or ".join(staging.mappings.landing_tables[name].patterns)
            return (
                f"{unit.file_names}: {unit.mapping.contract} stopped: it looks up in {name}, of which there is no file with a "
                f"header; expected {patterns}"
            )
        lookups[name] = tuple(found)
    return Landing(tuple(spans), lookups)


def create_views(connection: Connection, unit: Unit, landing: Landing, *, only: Staged | None = None) -> None:
    """Create `landing.<table>` for all tables the unit reads; with `only`, that file alone stands for its table."""
    connection.execute("create schema if not exists landing")
    mapping = unit.mapping
    tables = {mapping.primary: [(span.item, span.first) for span in landing.filled]}
    tables |= {name: [(item, 0) for item in items] for name, items in landing.lookups.items()}
    for name, parts in tables.items():
        kept = [part for part in parts if only is None or only.file.table.name != name or part[0] is only]
        optional = mapping.optional if name == mapping.primary else ()
        selects = [_select(item, first, optional) for item, first in kept]
        connection.execute(f"create or replace view landing.{name} as {' union all by name '.join(selects)}")


def _select(item: Staged, first: int, optional: tuple[str, ...]) -> str:
    hidden = f" exclude ({', '.join(_quoted(name) for name in item.identifiers)})" if item.identifiers else ""
    have = {column.lower() for column in item.result.columns}
    absent = "".join(f", cast(null as varchar) as {_quoted(name)}" for name in optional if name.lower() not in have)
    return f'select *{hidden} replace (_row + {first} as _row){absent} from staging."{item.result.table}"'


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
