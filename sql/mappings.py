"""Reads mapping files: how one shop's export becomes contract rows.

A mapping is a folder of SQL files, one per contract (`orders.sql`, `users.sql` ...), each one SELECT over
`landing.<table>`. Header lines say what no SQL can:

    -- rows: all                      every landing row once, with _row and _excluded (null or a reason); no WHERE
    -- rows: all of every file        the same, but rows depend on each other across files (line numbers, windows)
    -- rows: derived from lines       groups landing rows; says from what
    -- file: lines = orders_*.csv encoding=gb18030 delimiter=;
    -- lookup: customers              a landing table that is only joined to
    -- optional: coupon, carrier      columns of the rows' landing table that may be absent: read as null then
    -- time_zone: Europe/London       IANA zone of times that carry none
    -- currency: GBP                  base currency of the shop
    -- total-order: reason            why no tie is left where one row is picked, if the text cannot prove it

Without a `file` line the landing table `lines` reads the files `lines.*`, `lines-*`, `lines_*` and the folder `lines/`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from contracts.sources import SOURCES
from sql.queries import SQL_ROOT, QueryError, parse, read_header, tables_read

_KEYS = ("rows", "file", "lookup", "optional", "time_zone", "currency", "duckdb-only", "total-order")
_OPTIONS = ("encoding", "delimiter")
_WINDOW = re.compile(r"\bover\s*[(a-z]", re.IGNORECASE)
_COMMENT = re.compile(r"--[^\n]*")
_ROWS = re.compile(r"^(?:(?P<all>all)(?P<every> of every file)?|derived from (?P<origin>.+))$")


@dataclass(frozen=True)
class LandingTable:
    """A name under which mapping files read landing files, the glob patterns of its files, and how to read them."""

    name: str
    patterns: tuple[str, ...]
    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True)
class Mapping:
    """One mapping file: the contract it fills, its SQL, and which landing table its rows come from.

    `primary` is the landing table whose rows are accounted for; `lookups` those only joined to. `is_derived` rows
    stand for several landing rows; `needs_every_file` mappings are computed over all files of the shop together;
    `optional` columns of the primary landing table may be absent from its files.
    """

    contract: str
    path: Path
    sql: str
    primary: str
    lookups: tuple[str, ...]
    is_derived: bool
    needs_every_file: bool
    optional: tuple[str, ...] = ()


@dataclass(frozen=True)
class MappingSet:
    """All mapping files of one shop: contract name -> `Mapping`, landing tables, and the shop's defaults."""

    name: str
    folder: Path
    mappings: dict[str, Mapping]
    landing_tables: dict[str, LandingTable]
    time_zone: str | None
    currency: str | None


def known_mappings() -> tuple[str, ...]:
    """Return the names of the mappings that are shipped."""
    return tuple(sorted(folder.name for folder in (SQL_ROOT / "mapping").iterdir() if any(folder.glob("*.sql"))))


def load_mapping_set(name_or_folder: str) -> MappingSet:
    """Read a shipped mapping by its name, or any folder of mapping files by its path.

    Raises:
        QueryError: there is no such mapping, or one of its files breaks the rules.
    """
    folder = SQL_ROOT / "mapping" / name_or_folder
    if not (re.fullmatch(r"[a-z0-9_]+", name_or_folder) and folder.is_dir()):
        folder = Path(name_or_folder)
    files = sorted(folder.glob("*.sql"))
    if not files:
        message = (
            f"no mapping {name_or_folder!r}: give one of {', '.join(known_mappings())}, or a folder with <contract>.sql"
        )
        raise QueryError(message)
    mappings, declared, facts = {}, {}, {"time_zone": set(), "currency": set()}
    for path in files:
        mapping, tables, entries = _load_mapping(path)
        mappings[mapping.contract] = mapping
        for table in tables:
            if declared.setdefault(table.name, table) != table:
                message = f"{path}: landing table {table.name!r} is declared differently in another file of the mapping"
                raise QueryError(message)
        for fact, values in facts.items():
            values.update(entries.get(fact, ()))
    for fact, values in facts.items():
        if len(values) > 1:
            message = f"{folder}: {fact} is declared as {' and '.join(sorted(values))}; a shop has one"
            raise QueryError(message)
    used = {name for mapping in mappings.values() for name in (mapping.primary, *mapping.lookups)}
    tables = {name: declared.get(name, _default_table(name)) for name in sorted(used)}
    ordered = {name: mappings[name] for name in SOURCES if name in mappings}
    zone, currency = (next(iter(facts[fact]), None) for fact in ("time_zone", "currency"))
    return MappingSet(folder.name, folder, ordered, tables, zone, currency)


def _default_table(name: str) -> LandingTable:
    return LandingTable(name, (f"{name}.*", f"{name}-*", f"{name}_[0-9]*", f"{name}/*"))


def _load_mapping(path: Path) -> tuple[Mapping, list[LandingTable], dict[str, list[str]]]:
    if path.stem not in SOURCES:
        message = f"{path}: no contract is called {path.stem!r}; name the file after one of {', '.join(SOURCES)}"
        raise QueryError(message)
    _, entries = read_header(path)
    unknown = sorted(set(entries) - set(_KEYS))
    if unknown:
        message = f"{path}: unknown header {', '.join(unknown)}; known are {', '.join(_KEYS)}"
        raise QueryError(message)
    rows = _ROWS.match(entries.get("rows", [""])[0])
    if not rows:
        message = (
            f"{path}: say '-- rows: all', '-- rows: all of every file' or '-- rows: derived from <what>' at the top"
        )
        raise QueryError(message)
    inputs = tables_read(parse(path), path)
    text = path.read_text(encoding="utf-8").strip().rstrip(";")
    if rows["all"] and not rows["every"] and _WINDOW.search(_COMMENT.sub("", text)):
        message = (
            f"{path}: has a window (over ...), which sees one file at a time under '-- rows: all', so that the result would "
            "depend on how files are split; write '-- rows: all of every file'"
        )
        raise QueryError(message)
    if strangers := [name for name in inputs if not name.startswith("landing.")]:
        message = f"{path}: a mapping reads landing tables only (landing.<table>), not {', '.join(strangers)}"
        raise QueryError(message)
    names = [name.removeprefix("landing.") for name in inputs]
    lookups = tuple(entries.get("lookup", ()))
    primaries = [name for name in names if name not in lookups]
    if len(primaries) != 1:
        message = (
            f"{path}: rows must come from one landing table, found {', '.join(primaries) or 'none'}; mark the tables that "
            "are only joined to with '-- lookup: <table>'"
        )
        raise QueryError(message)
    mapping = Mapping(
        contract=path.stem,
        path=path,
        sql=text,
        primary=primaries[0],
        lookups=tuple(name for name in lookups if name in names),
        is_derived=bool(rows["origin"]),
        needs_every_file=bool(rows["origin"] or rows["every"]),
        optional=tuple(name.strip() for line in entries.get("optional", ()) for name in line.split(",")),
    )
    return mapping, [_landing_table(path, line) for line in entries.get("file", ())], entries


def _landing_table(path: Path, line: str) -> LandingTable:
    name, _, rest = line.partition("=")
    words = rest.split()
    if not rest or not re.fullmatch(r"[a-z][a-z0-9_]*", name.strip()):
        message = (
            f"{path}: '-- file: {line}' is not of the form '-- file: table = pattern [encoding=..] [delimiter=..]'"
        )
        raise QueryError(message)
    options = dict(word.split("=", 1) for word in words if "=" in word)
    if strange := sorted(set(options) - set(_OPTIONS)):
        message = (
            f"{path}: '-- file: {line}' has the unknown option {', '.join(strange)}; known are {', '.join(_OPTIONS)}"
        )
        raise QueryError(message)
    delimiter = options.get("delimiter")
    patterns = tuple(word for word in words if "=" not in word)
    return LandingTable(name.strip(), patterns, options.get("encoding"), "\t" if delimiter == "tab" else delimiter)
