"""Which dates a unit's rows touch: those of rows added or taken away, and those that other versions of the same keys lie on.

Belongs here: what is noted for the incremental tables. What a row becomes is judged in `assets/ingest/store.py`; which
tables read which contract, and what is rebuilt, belongs to `assets/stale_dates.py`.
"""

from datetime import date

from assets.ingest.contested import ACCEPTED
from assets.landing.engine import Connection
from contracts.contract import SourceContract
from contracts.sources import DATED_BY

_KEPT = f"{ACCEPTED} and _row not in (select _row from outcomes where not _kept)"


def note_dates(connection: Connection, contract: SourceContract, touched: frozenset[date]) -> None:
    """Tell every incremental table that was built before which dates of the contract have changed."""
    connection.execute(
        "insert into warehouse.bronze.touched_dates select table_name, $1, touched_date "
        "from warehouse.bronze.table_state, (select unnest($2::date[]) as touched_date) as days",
        [contract.name, sorted(touched)],
    )


def dates_taken_away(connection: Connection, contract: SourceContract, own: str, parameters: list) -> set[date]:
    """Return the dates of the rows that are about to be deleted, and of the other versions of their keys."""
    table, column = f"warehouse.bronze.{contract.name}", DATED_BY.get(contract.name, "")
    if column == "" or not _is_noted(connection, contract):
        return set()
    if column is None:
        return _dates_of_orders(connection, f"select order_id from {table} where {own}", parameters)
    where = own
    if _may_move(contract):
        key = ", ".join(contract.key)
        where = f"({key}) in (select ({key}) from {table} where {own})"
    return _dates(connection, f"select distinct {column} from {table} where {where}", parameters)


def dates_of_kept(connection: Connection, contract: SourceContract) -> set[date]:
    """Return the dates of the unit's rows that are kept and of other versions of their keys; events are counted elsewhere.

    Ids whose versions lie on several dates are noted in `bronze.moved_ids`: a table that builds one date must look for them
    on the others.
    """
    column = DATED_BY.get(contract.name, "")
    if _may_move(contract) and _has_contested(connection):
        _note_moved(connection, contract, str(column))
    if column == "" or not _is_noted(connection, contract):
        return set()
    if column is None:
        return _dates_of_orders(connection, f"select order_id from checked where {_KEPT}", [])
    found = _dates(connection, f"select distinct {column} from checked where {_KEPT}", [])
    if _may_move(contract) and _has_contested(connection):
        key = ", ".join(contract.key)
        kept = f"select ({key}) from checked where {_KEPT} and _row in (select _row from contested_rows)"
        found |= _dates(connection, f"select distinct {column} from rivals where ({key}) in ({kept})", [])
    return found


def _may_move(contract: SourceContract) -> bool:
    """Return whether a new version of a key may bear another date."""
    column = DATED_BY.get(contract.name)
    moment = {day: moment for moment, day in contract.dates}.get(column or "", column)
    return column is not None and not {column, moment} & set(contract.key)


def _note_moved(connection: Connection, contract: SourceContract, column: str) -> None:
    """Note the ids of contested keys whose versions, stored before or with this unit, lie on several dates; each once."""
    key, moved_id = ", ".join(contract.key), contract.key[-1]
    connection.execute(f"""
        insert into warehouse.bronze.moved_ids
        select distinct '{contract.name}', moved_id
        from (
            select {moved_id} as moved_id
            from (
                select {key}, {column} from rivals
                union all
                select {key}, {column} from checked where {_KEPT} and _row in (select _row from contested_rows)
            ) as versions
            group by {key}
            having min({column}) <> max({column})
        ) as moved
        where ('{contract.name}', moved_id) not in (select (contract, moved_id) from warehouse.bronze.moved_ids)
    """)


def _has_contested(connection: Connection) -> bool:
    return connection.execute("select count(*) > 0 from contested").fetchall() == [(True,)]


def _is_noted(connection: Connection, contract: SourceContract) -> bool:
    """Return whether anybody asks: dates of events are told to the operator, others only matter to tables that stand."""
    if contract.name == "events":
        return True
    return connection.execute("select count(*) > 0 from warehouse.bronze.table_state").fetchall() == [(True,)]


def _dates_of_orders(connection: Connection, order_ids: str, parameters: list) -> set[date]:
    statement = f"select distinct ordered_date from warehouse.bronze.orders where order_id in ({order_ids})"
    return _dates(connection, statement, parameters)


def _dates(connection: Connection, statement: str, parameters: list) -> set[date]:
    return {row[0] for row in connection.execute(statement, parameters).fetchall() if row[0] is not None}
