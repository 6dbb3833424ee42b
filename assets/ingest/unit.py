"""Loads one unit (a file, or all files of a mapping that needs them together) into bronze, in one transaction.

The rows' way: mapped -> checked (typed, faults named) -> excluded | quarantined | duplicate | loaded | updated.
What is to be loaded is decided in `assets/ingest/plan.py`.
"""

from dataclasses import dataclass, field
from datetime import datetime

from assets.ingest.contested import number_rows
from assets.ingest.contract_sql import ZONED_TIME, checked_select
from assets.ingest.plan import Unit
from assets.ingest.quarantine import write_quarantine
from assets.ingest.row_ledger import LedgerError, check_conservation, check_derived_keys, write_row_ledger
from assets.ingest.staging import Staged, Staging
from assets.ingest.store import Stored, store_rows
from assets.ingest.streaming import clean_texts, is_streaming, offset_steps
from assets.ingest.touched import note_dates
from assets.ingest.views import Landing, create_views, stage_unit
from assets.landing.engine import Connection, SqlError, is_fault_of_data, is_unknown_name
from contracts.contract import SourceContract
from contracts.sources import SOURCES


@dataclass
class UnitOutcome:
    """What loading a unit did: rows by what became of them, dates whose rows changed, and texts for the operator."""

    rows: dict[str, int] = field(default_factory=dict)
    touched_dates: frozenset = frozenset()
    notices: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)


def load_unit(
    connection: Connection, unit: Unit, staging: Staging, *, received_at: datetime, base_currency: str
) -> UnitOutcome:
    """Map, check and load one unit; the ledger line and the quarantine go into the same transaction as the rows.

    Raises:
        LedgerError: the mapping returned rows twice or not at all, or the counts do not balance; nothing is kept.
    """
    contract = SOURCES[unit.mapping.contract]
    landing = stage_unit(unit, staging)
    if isinstance(landing, str):
        return UnitOutcome(stopped=[landing])
    problem = _create_checked(connection, unit, contract, landing, received_at=received_at, base_currency=base_currency)
    if problem:
        return UnitOutcome(stopped=[problem])
    check_conservation(connection, unit, landing)
    check_derived_keys(connection, unit, contract)
    connection.execute("begin transaction")
    try:
        stored = store_rows(connection, unit, contract, landing.spans, staging.seen[contract.name])
        rows = write_row_ledger(connection, unit, contract, landing.spans, received_at)
        write_quarantine(connection, unit, contract, landing, received_at)
        if contract.name == "exchange_rates":
            _forget_rows_without_rate(connection)
        note_dates(connection, contract, stored.touched_dates)
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")
    _drop_scratch(connection)
    return UnitOutcome(rows, stored.touched_dates, _notices(unit, rows, stored))


def _drop_scratch(connection: Connection) -> None:
    """Drop the temp tables of the unit; `checked` may be of either kind."""
    kinds = connection.execute(
        "select 'view' from duckdb_views() where view_name = 'checked' and temporary union all "
        "select 'table' from duckdb_tables() where table_name = 'checked' and temporary"
    ).fetchall()
    for (kind,) in kinds:
        connection.execute(f"drop {kind} checked")
    for table in (
        "numbered",
        "refused",
        "outcomes",
        "contested",
        "contested_rows",
        "rivals",
        "days",
        "unit_ids",
        "unit_keys",
    ):
        connection.execute(f"drop table if exists temp.{table}")


def _notices(unit: Unit, rows: dict[str, int], stored: Stored) -> list[str]:
    notices = []
    if rows["quarantined"]:
        notices.append(
            f"{unit.file_names}: {rows['quarantined']:,} of {rows['staged']:,} rows of {unit.mapping.contract} break the "
            "contract; they are in the quarantine (`trellis quarantine list`)"
        )
    if stored.conflicts:
        notices.append(
            f"{unit.file_names}: {stored.conflicts:,} events have the id and date of another event but other content; of "
            "each the one with the greatest content hash is kept, whichever came first"
        )
    return notices


def _create_checked(
    connection: Connection,
    unit: Unit,
    contract: SourceContract,
    landing: Landing,
    *,
    received_at: datetime,
    base_currency: str,
) -> str | None:
    """Make `checked` of all mapped rows, `numbered` and `refused` (`contested.py`); return why that cannot be done, or None.

    `checked` is a temp table, or a view where reading the landing file again costs less than a copy of it.
    """
    mapping = unit.mapping
    sql = mapping.sql
    if landing.filled:
        types = _bind(connection, unit, landing)
        if isinstance(types, str):
            return types
        _check_columns(unit, contract, types)
    else:
        types = dict.fromkeys(("_row", *contract.columns), "VARCHAR")
        sql = f"select {', '.join(f'cast(null as varchar) as {name}' for name in types)} limit 0"
    in_place = bool(landing.filled) and is_streaming(connection, landing, sql)
    zoned = [time for time, _ in contract.dates if types.get(time) == ZONED_TIME]
    # a view takes no parameters
    kind = "timestamptz" if received_at.tzinfo else "timestamp"
    _drop_scratch(connection)
    try:
        select = checked_select(
            contract,
            sql,
            types,
            base_currency=base_currency,
            is_derived=mapping.is_derived,
            may_hold_nul=any(item.result.format == "parquet" for item in landing.items),
            steps=offset_steps(connection, sql, zoned) if in_place else (),
            clean=clean_texts(connection, sql, types) if in_place else frozenset(),
        )
        select = select.replace("$received_at", f"{kind} '{received_at.isoformat(sep=' ')}'")
        connection.execute(f"create or replace temp {'view' if in_place else 'table'} checked as {select}")
        number_rows(connection, contract)
    except SqlError as error:
        if not is_fault_of_data(error):
            raise
        return (
            f"{unit.file_names}: {contract.name} stopped: {_first_line(error)} If the file is damaged, ask for it again; if "
            f"a value does not fit a cast in {mapping.path.name} of the mapping, write try_cast there. The other sources go on"
        )
    return None


def _bind(connection: Connection, unit: Unit, landing: Landing) -> dict[str, str] | str:
    """Return the mapping's columns with their types, or why it cannot be bound.

    Each file is bound by itself first: a column that one of many files lacks would be filled with nulls by their union.
    """
    items = landing.items
    alone: list[Staged | None] = [*items, None] if len(items) > 1 + len(landing.lookups) else [None]
    described: list[tuple] = []
    for only in alone:
        create_views(connection, unit, landing, only=only)
        try:
            described = connection.execute(f"describe {unit.mapping.sql}").fetchall()
        except SqlError as error:
            if not is_fault_of_data(error):
                raise
            shown = [only] if only else [items[0], *(found[0] for found in landing.lookups.values())]
            return _cannot_bind(unit, shown, error)
    # a column of the export keeps its spelling (Order_ID) when it is selected under no other name
    return {row[0].lower(): row[1] for row in described}


def _cannot_bind(unit: Unit, items: list[Staged], error: SqlError) -> str:
    have = "; ".join(
        f"{item.file.name} has the columns {', '.join(name for name in item.result.columns if name not in item.identifiers)}"
        for item in items
    )
    secret = ", ".join(name for item in items for name in item.identifiers)
    dropped = f" (without the direct identifiers {secret}, which cannot be mapped)" if secret else ""
    what = "the export, its delimiter," if is_unknown_name(error) else "the export"
    return (
        f"{items[0].file.name}: {unit.mapping.contract} stopped: {_first_line(error)} {have}{dropped}. "
        f"Mend {what} or {unit.mapping.path.name} of the mapping; the other sources go on"
    )


def _first_line(error: SqlError) -> str:
    line = str(error).split("\n", maxsplit=1)[0].strip()
    return line if line.endswith((".", "!")) else f"{line}."


def _check_columns(unit: Unit, contract: SourceContract, types: dict[str, str]) -> None:
    allowed = {*contract.columns, "_row", "_excluded"}
    if strange := [name for name in types if name not in allowed]:
        message = (
            f"{unit.mapping.path}: yields {', '.join(strange)}, which {contract.name} does not have; its columns are "
            f"{', '.join(contract.columns)}"
        )
        raise LedgerError(message)
    if not unit.mapping.is_derived and "_row" not in types:
        message = f"{unit.mapping.path}: is headed 'rows: all' but does not return _row"
        raise LedgerError(message)


def _forget_rows_without_rate(connection: Connection) -> None:
    """Have rows read again that wait in the quarantine for an exchange rate: rates may arrive after them."""
    connection.execute("""
        update warehouse.bronze.row_ledger set fingerprint = ''
        where (contract, file_id) in (
            select (contract, file_id) from warehouse.bronze.quarantine where contains(reason, 'has no exchange rate')
        )
    """)
