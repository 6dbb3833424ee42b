"""How a SQL table is built or refreshed, by kind: full tables aside and swapped, snapshots and date ranges replaced.

Which dates are stale and how rows are typed belongs to `assets/warehouse.py`; which asset asks belongs to `assets/tables.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from assets.stale_dates import all_dates, is_built, lineage_version, pieces
from assets.table_kinds import make_way
from assets.told_changes import all_users_are_stale, forget_readers, keep_rows, tell_changes
from assets.warehouse_errors import TableShapeError
from sql.queries import STALE_USERS

if TYPE_CHECKING:
    from assets.warehouse import Warehouse
    from sql.queries import Query

Parameters = dict[str, date | datetime | int | str | None]

Ranges = tuple[tuple[date, date], ...]


@dataclass(frozen=True)
class BuildResult:
    """What building a table did: rows of the table (or of the replaced part) and the part that was replaced.

    `ranges` are the dates [from, until) that were built or, of a view, changed beneath it; None where no dates are told apart.
    `rows` is None for a view by date: to count it is to compute it.
    """

    table: str
    rows: int | None
    replaced: str
    ranges: Ranges | None = None


def build_table(warehouse: Warehouse, query: Query, parameters: Parameters) -> BuildResult:
    """Build or refresh one SQL table and return what was replaced; see `Warehouse.build`."""
    make_way(warehouse.connection, query)
    if query.kind == "snapshot":
        return _build_snapshot(warehouse, query, parameters)
    if query.kind == "incremental":
        return _build_incremental(warehouse, query, parameters)
    if query.kind == "view":
        return _build_view(warehouse, query)
    if query.kind == "by_user":
        return _build_by_user(warehouse, query, parameters)
    used = _used(query, parameters)
    fresh = f"{query.layer}.{query.name}__new"
    select = warehouse.typed_select(query, parameters)
    with warehouse.transaction():
        warehouse.connection.execute(f"create or replace table {fresh} as {select}", used)
        warehouse.connection.execute(f"drop table if exists {query.table}")
        warehouse.connection.execute(f"alter table {fresh} rename to {query.name}")
    return BuildResult(query.table, warehouse.count(query.table), "whole table")


def _build_view(warehouse: Warehouse, query: Query) -> BuildResult:
    warehouse.connection.execute(f"create or replace view {query.table} as {query.sql}")
    if query.partition is None:
        return BuildResult(query.table, warehouse.count(query.table), "view")
    connection = warehouse.connection
    ranges = warehouse.stale_ranges(query) if is_built(connection, query) else all_dates(connection, query)
    _end(warehouse, query)
    return BuildResult(query.table, None, "view", tuple(ranges))


def _prepare(warehouse: Warehouse, query: Query, select: str, parameters: Parameters) -> None:
    """Create the table empty, or anew when its columns have changed since it was built."""
    if warehouse.exists(query.table):
        old = warehouse.connection.execute(f"describe {query.table}").fetchall()
        new = warehouse.connection.execute(f"describe {select}", parameters).fetchall()
        if [row[:2] for row in old] == [row[:2] for row in new]:
            return
        warehouse.connection.execute(f"drop table {query.table}")
    warehouse.connection.execute(f"create table {query.table} as {select} limit 0", parameters)


def _build_snapshot(warehouse: Warehouse, query: Query, parameters: Parameters) -> BuildResult:
    used = _used(query, parameters)
    if query.reads_itself and not warehouse.exists(query.table):
        message = f"{query.table}: reads its own earlier rows, so declare its columns in contracts/outputs.py"
        raise TableShapeError(message)
    select = warehouse.typed_select(query, parameters)
    run = warehouse.connection.execute
    with warehouse.transaction():
        if not query.reads_itself:
            _prepare(warehouse, query, select, used)
        run(f"create or replace temp table fresh_snapshot as {select}", used)
        run(f"delete from {query.table} where as_of = $as_of", {"as_of": parameters["as_of"]})
        run(f"insert into {query.table} by name from fresh_snapshot")
    rows = warehouse.value(f"select count(*) from {query.table} where as_of = $as_of", {"as_of": parameters["as_of"]})
    return BuildResult(query.table, int(str(rows)), f"as_of {parameters['as_of']}")


def _build_incremental(warehouse: Warehouse, query: Query, parameters: Parameters) -> BuildResult:
    run = warehouse.connection.execute
    nothing = {**parameters, "from_date": date(1970, 1, 1), "until_date": date(1970, 1, 1)}
    is_new = _begin(warehouse, query, nothing)
    ranges = all_dates(warehouse.connection, query) if is_new else warehouse.stale_ranges(query)
    for from_date, until_date in (piece for span in ranges for piece in pieces(warehouse.connection, query, span)):
        bounds = {"from_date": from_date, "until_date": until_date}
        used = _used(query, {**parameters, **bounds})
        with warehouse.transaction():
            if not is_new:
                if query.tells_changes:
                    keep_rows(warehouse.connection, query, bounds)
                run(
                    f"delete from {query.table} where {query.partition} >= $from_date and {query.partition} < $until_date",
                    bounds,
                )
            run(f"insert into {query.table} by name {warehouse.typed_select(query, used)}", used)
            if query.tells_changes and not is_new:
                tell_changes(warehouse.connection, query, bounds)
    _end(warehouse, query)
    replaced = ", ".join(f"{from_date}..{until_date}" for from_date, until_date in ranges)
    rows = warehouse.count(query.table)
    return BuildResult(query.table, rows, replaced or "nothing (no new dates)", tuple(ranges))


def _build_by_user(warehouse: Warehouse, query: Query, parameters: Parameters) -> BuildResult:
    run = warehouse.connection.execute
    if _begin(warehouse, query, parameters):
        all_users_are_stale(warehouse.connection, query)
    with warehouse.transaction():
        stale = f"(select user_key from {STALE_USERS} where table_name = $1)"
        users = run(f"select count(*) from {stale}", [query.table]).fetchall()[0][0]
        run(f"delete from {query.table} where user_key in {stale}", [query.table])
        run(f"insert into {query.table} by name {warehouse.typed_select(query, parameters)}")
        run(f"delete from {STALE_USERS} where table_name = $1", [query.table])
    _end(warehouse, query)
    return BuildResult(query.table, warehouse.count(query.table), f"{users:,} users")


def _begin(warehouse: Warehouse, query: Query, parameters: Parameters) -> bool:
    """Return whether all dates must be built; the table is empty then: new, of another version or of other columns."""
    used = _used(query, parameters)
    select = warehouse.typed_select(query, used)
    run = warehouse.connection.execute
    if warehouse.exists(query.table) and is_built(warehouse.connection, query):
        old, new = (run(f"describe {what}", given).fetchall() for what, given in ((query.table, {}), (select, used)))
        if [row[:2] for row in old] == [row[:2] for row in new]:
            return False
    with warehouse.transaction():
        run("delete from bronze.table_state where table_name = $1", [query.table])
        if query.tells_changes:
            forget_readers(warehouse.connection, query)
        run(f"create or replace table {query.table} as {select} limit 0", used)
    return True


def _end(warehouse: Warehouse, query: Query) -> None:
    """Note that all dates are built, by the queries as they are now."""
    with warehouse.transaction():
        warehouse.connection.execute("delete from bronze.touched_dates where table_name = $1", [query.table])
        warehouse.connection.execute(
            "insert or replace into bronze.table_state values ($1, $2)", [query.table, lineage_version(query)]
        )


def _used(query: Query, parameters: Parameters) -> Parameters:
    return {name: value for name, value in parameters.items() if name in query.parameters}
