"""Loads one unit (a file, or all files of a mapping that needs them together) into bronze, in one transaction.

The rows' way: mapped -> checked (typed, faults named) -> excluded | quarantined | duplicate | loaded | updated.
What is to be loaded is decided in `assets/ingest/load.py`.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

import duckdb

from assets.ingest.contract_sql import checked_select
from assets.ingest.discover import LandingFile
from assets.ingest.quarantine import rejected_rows, write_quarantine
from assets.landing import ReadOptions, StagedFile
from assets.warehouse import stored_columns
from contracts.contract import SourceContract
from contracts.sources import SOURCES
from sql.mappings import Mapping

DERIVED = "derived"
"""file_id of rows that stand for several landing rows, perhaps of several files."""


class LedgerError(RuntimeError):
    """Rows in and rows out do not balance: a mistake of the program or of a mapping, never of the data."""


@dataclass(frozen=True)
class Staged:
    """A landing file that was read: where it came from and its staged table."""

    file: LandingFile
    result: StagedFile
    options: ReadOptions


@dataclass(frozen=True)
class Unit:
    """What is loaded together: a mapping, its primary files, the files it looks up in, and the fingerprint of all."""

    mapping: Mapping
    files: tuple[LandingFile, ...]
    lookups: tuple[LandingFile, ...]
    fingerprint: str


@dataclass
class UnitOutcome:
    """What loading a unit did: rows by what became of them, dates whose rows changed, and texts for the operator."""

    rows: dict[str, int] = field(default_factory=dict)
    touched_dates: set[date] = field(default_factory=set)
    notices: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class FileSpan:
    """Which `_row` numbers of a unit are records of which file: record number = _row - first."""

    item: Staged
    first: int

    @property
    def last(self) -> int:
        """The highest `_row` of the file."""
        return self.first + self.item.result.records_counted


def _union(tables: list[tuple[str, int]]) -> str:
    parts = [f'select * replace (_row + {first} as _row) from staging."{table}"' for table, first in tables]
    return " union all by name ".join(parts)


def _create_landing_views(connection: duckdb.DuckDBPyConnection, unit: Unit, staged: dict[str, Staged]) -> list[FileSpan] | None:
    """Create `landing.<table>` for the unit; None when a file could not be read or all are empty."""
    connection.execute("create schema if not exists landing")
    spans, first = [], 0
    for file in unit.files:
        if file.file_id not in staged:
            return None
        spans.append(FileSpan(staged[file.file_id], first))
        first += staged[file.file_id].result.records_counted
    filled = [span for span in spans if span.item.result.columns]
    tables = [(span.item.result.table, span.first) for span in filled]
    if tables:
        connection.execute(f"create or replace view landing.{unit.mapping.primary} as {_union(tables)}")
    for name in unit.mapping.lookups:
        found = [staged[file.file_id] for file in unit.lookups if file.table.name == name and file.file_id in staged]
        found = [item for item in found if item.result.columns]
        if not found:
            return None
        connection.execute(
            f"create or replace view landing.{name} as {_union([(item.result.table, 0) for item in found])}"
        )
    return spans


def load_unit(
    connection: duckdb.DuckDBPyConnection,
    unit: Unit,
    staged: dict[str, Staged],
    *,
    received_at: datetime,
    base_currency: str,
) -> UnitOutcome:
    """Map, check and load one unit; the ledger line and the quarantine go into the same transaction as the rows.

    Raises:
        LedgerError: the mapping returned rows twice or not at all, or the counts do not balance; nothing is kept.
    """
    outcome = UnitOutcome()
    mapping, contract = unit.mapping, SOURCES[unit.mapping.contract]
    spans = _create_landing_views(connection, unit, staged)
    names = ", ".join(file.name for file in unit.files)
    if spans is None:
        outcome.stopped.append(f"{names}: {contract.name} was not loaded, because a file it needs is missing or unreadable")
        return outcome
    if any(span.item.result.columns for span in spans):
        try:
            described = connection.execute(f"describe {mapping.sql}").fetchall()
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            outcome.stopped.append(_missing_column(unit, spans, str(error)))
            return outcome
        columns = tuple(row[0] for row in described)
        _check_columns(mapping, contract, columns)
        select = checked_select(contract, mapping.sql, columns, base_currency=base_currency, is_derived=mapping.is_derived)
        _create_checked(connection, select, received_at)
    else:
        none = f"select {', '.join(f'null as {name}' for name in ('_row', *contract.columns))} limit 0"
        select = checked_select(contract, none, contract.columns, base_currency=base_currency, is_derived=mapping.is_derived)
        _create_checked(connection, select, received_at)
    if not mapping.is_derived:
        _check_conservation(connection, unit, spans)
    connection.execute("begin transaction")
    try:
        _replace_earlier(connection, unit, contract, outcome)
        _give_keys(connection, contract)
        _insert(connection, contract, unit, spans, outcome)
        _write_ledger(connection, unit, contract, spans, outcome, received_at)
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")
    connection.execute("drop table if exists checked; drop table if exists sorted_rows")
    return outcome


def _create_checked(connection: duckdb.DuckDBPyConnection, select: str, received_at: datetime) -> None:
    parameters = {"received_at": received_at} if "$received_at" in select else {}
    connection.execute(f"create or replace temp table checked as {select}", parameters)


def _missing_column(unit: Unit, spans: list[FileSpan], error: str) -> str:
    first_line = error.split("\n")[0].removeprefix("Binder Error: ")
    have = ", ".join(spans[0].item.result.columns)
    return (
        f"{spans[0].item.file.name}: {unit.mapping.contract} stopped: {first_line} The file has the columns: {have}. "
        f"Mend the export, its delimiter, or {unit.mapping.path.name} of the mapping; the other sources go on"
    )


def _check_columns(mapping: Mapping, contract: SourceContract, columns: tuple[str, ...]) -> None:
    allowed = {*contract.columns, "_row", "_excluded"}
    if strange := [name for name in columns if name not in allowed]:
        message = (
            f"{mapping.path}: yields {', '.join(strange)}, which {contract.name} does not have; its columns are "
            f"{', '.join(contract.columns)}"
        )
        raise LedgerError(message)
    if not mapping.is_derived and "_row" not in columns:
        message = f"{mapping.path}: is headed 'rows: all' but does not return _row"
        raise LedgerError(message)


def _check_conservation(connection: duckdb.DuckDBPyConnection, unit: Unit, spans: list[FileSpan]) -> None:
    found = connection.execute("select count(*), count(distinct _row) from checked").fetchone() or (0, 0)
    expected = sum(span.item.result.staged for span in spans)
    if found != (expected, expected):
        message = (
            f"{unit.mapping.path}: {expected} rows of {unit.mapping.primary} were staged, the mapping returns {found[0]} rows with "
            f"{found[1]} different _row; return each row once: no where, no join that multiplies, _excluded for rows left out"
        )
        raise LedgerError(message)


def _file_ids(unit: Unit) -> list[str]:
    return [DERIVED] if unit.mapping.is_derived else [file.file_id for file in unit.files]


def _replace_earlier(
    connection: duckdb.DuckDBPyConnection, unit: Unit, contract: SourceContract, outcome: UnitOutcome
) -> None:
    """Take away what an earlier load of the same files left; a mapping over every file replaces all its rows."""
    ids = _file_ids(unit)
    if unit.mapping.needs_every_file and not unit.mapping.is_derived:
        rows = connection.execute(
            "select file_id from warehouse.bronze.row_ledger where contract = $1", [contract.name]
        ).fetchall()
        ids = sorted({*ids, *(row[0] for row in rows)})
    if contract.name == "events":
        rows = connection.execute(
            "select distinct activity_date from warehouse.bronze.events where file_id in (select unnest($1))", [ids]
        ).fetchall()
        outcome.touched_dates |= {row[0] for row in rows}
    connection.execute(
        f"delete from warehouse.bronze.{contract.name} where file_id in (select unnest($1))", [ids]
    )
    for table in ("row_ledger", "quarantine", "exclusions"):
        connection.execute(
            f"delete from warehouse.bronze.{table} where contract = $1 and file_id in (select unnest($2))", [contract.name, ids]
        )


def _give_keys(connection: duckdb.DuckDBPyConnection, contract: SourceContract) -> None:
    """Give a small integer to every id seen for the first time, in the order of the ids."""
    accepted = "checked where _excluded is null and _fault is null"
    for column, key in contract.keyed:
        table = "user_keys" if key.endswith("user_key") else "product_keys"
        source, name = column, "user_id" if table == "user_keys" else "product_id"
        if contract.name == "events" and column == "user_id":
            source = "coalesce(user_id, 'anonymous:' || anonymous_id)"
        key_column = "user_key" if table == "user_keys" else "product_key"
        flag = ", starts_with(id, 'anonymous:')" if table == "user_keys" else ""
        connection.execute(f"""
            insert into warehouse.bronze.{table}
            select id, (select coalesce(max({key_column}), 0) from warehouse.bronze.{table}) + row_number() over (order by id){flag}
            from (select distinct {source} as id from {accepted})
            where id is not null and id not in (select {name} from warehouse.bronze.{table})
        """)


def _insert(
    connection: duckdb.DuckDBPyConnection,
    contract: SourceContract,
    unit: Unit,
    spans: list[FileSpan],
    outcome: UnitOutcome,
) -> None:
    """Sort accepted rows into new, updated and duplicate ones and append the first two."""
    key = ", ".join(contract.key)
    same_key = " and ".join(f"old.{name} is not distinct from new.{name}" for name in contract.key)
    if contract.name == "events":
        own = [name for name in contract.columns if name not in contract.key]
        content = "md5(concat_ws(chr(31), " + ", ".join(f"coalesce(cast({name} as varchar), '')" for name in own) + "))"
        marks = f"row_number() over (partition by {key} order by {content} desc, _row)"
        connection.execute(f"""
            create or replace temp table sorted_rows as
            select new.*,
                case when old.event_id is not null then 'duplicate'
                     when copy_number > 1 then 'duplicate' else 'loaded' end as _outcome
            from (select *, {marks} as copy_number from checked where _excluded is null and _fault is null) as new
            left join (
                select distinct event_id, activity_date from warehouse.bronze.events
                where activity_date between (select min(activity_date) from checked) and (select max(activity_date) from checked)
            ) as old on {same_key}
        """)
    else:
        connection.execute(f"""
            create or replace temp table sorted_rows as
            select new.*,
                case when same_number > 1 or exists (
                         select 1 from warehouse.bronze.{contract.name} as old
                         where {same_key} and old.row_hash = new.row_hash) then 'duplicate'
                     when copy_number > 1 or exists (
                         select 1 from warehouse.bronze.{contract.name} as old where {same_key}) then 'updated'
                     else 'loaded' end as _outcome
            from (
                select *,
                    row_number() over (partition by {key}, row_hash order by _row) as same_number,
                    row_number() over (partition by {key} order by _row) as copy_number
                from checked where _excluded is null and _fault is null
            ) as new
        """)
    columns = stored_columns(contract)
    values = ", ".join(_stored_value(contract, name, unit, spans) for name in columns)
    connection.execute(
        f"insert into warehouse.bronze.{contract.name} ({', '.join(columns)}) select {values} from sorted_rows as new "
        f"{_key_joins(contract)} where _outcome <> 'duplicate'"
    )
    if contract.name == "events":
        rows = connection.execute("select distinct activity_date from sorted_rows where _outcome <> 'duplicate'").fetchall()
        outcome.touched_dates |= {row[0] for row in rows}


def _key_joins(contract: SourceContract) -> str:
    if contract.name != "events":
        return ""
    return """
        left join warehouse.bronze.user_keys as actor on actor.user_id = coalesce(new.user_id, 'anonymous:' || new.anonymous_id)
        left join warehouse.bronze.user_keys as target on target.user_id = new.target_user_id
        left join warehouse.bronze.product_keys as product on product.product_id = new.product_id"""


def _stored_value(contract: SourceContract, column: str, unit: Unit, spans: list[FileSpan]) -> str:
    if column == "file_id":
        if unit.mapping.is_derived:
            return f"'{DERIVED}'"
        whens = " ".join(f"when _row <= {span.last} then '{span.item.file.file_id}'" for span in spans)
        return f"case {whens} end"
    if column == "record_number":
        whens = " ".join(f"when _row <= {span.last} then _row - {span.first}" for span in spans)
        return f"case {whens} end"
    if contract.name == "events":
        keys = {"user_key": "actor.user_key", "target_user_key": "target.user_key", "product_key": "product.product_key"}
        if column in keys:
            return keys[column]
    return f"new.{column}"


def _write_ledger(
    connection: duckdb.DuckDBPyConnection,
    unit: Unit,
    contract: SourceContract,
    spans: list[FileSpan],
    outcome: UnitOutcome,
    received_at: datetime,
) -> None:
    totals = dict.fromkeys(("staged", "loaded", "updated", "duplicate", "excluded", "quarantined"), 0)
    groups = [(DERIVED, 0, 2**62)] if unit.mapping.is_derived else [(s.item.file.file_id, s.first, s.last) for s in spans]
    for file_id, first, last in groups:
        within = f"coalesce(_row, 1) > {first} and coalesce(_row, 1) <= {last}"
        counts = dict.fromkeys(totals, 0)
        counts.update(connection.execute(f"select _outcome, count(*) from sorted_rows where {within} group by 1").fetchall())
        row = connection.execute(f"""
            select count(*), count(*) filter (where _excluded is not null), count(*) filter (where _fault is not null)
            from checked where {within}
        """).fetchone()
        counts["staged"], counts["excluded"], counts["quarantined"] = row or (0, 0, 0)
        accounted = sum(count for name, count in counts.items() if name != "staged")
        if accounted != counts["staged"]:
            message = f"{contract.name}: ledger of file {file_id} does not balance: {counts}; the file was rolled back"
            raise LedgerError(message)
        connection.execute(
            "insert into warehouse.bronze.row_ledger values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            [
                file_id, contract.name, contract.version, unit.fingerprint, counts["staged"], counts["loaded"],
                counts["updated"], counts["duplicate"], counts["excluded"], counts["quarantined"], received_at,
            ],
        )  # fmt: skip
        connection.execute(f"""
            insert into warehouse.bronze.exclusions
            select '{file_id}', '{contract.name}', _excluded, count(*) from checked
            where _excluded is not null and {within} group by _excluded
        """)
        for name, count in counts.items():
            totals[name] += count
    write_quarantine(connection, unit, contract, spans, received_at)
    totals["rejected"] = rejected_rows(spans)
    outcome.rows = totals
