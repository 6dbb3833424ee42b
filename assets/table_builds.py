"""How a SQL table is built or refreshed, by kind: full tables aside and swapped, snapshots and date ranges replaced.

Which dates are stale and how rows are typed belongs to `assets/warehouse.py`; which asset asks belongs to `assets/tables.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from assets.date_ranges import pieces
from assets.table_kinds import make_way
from assets.warehouse_errors import TableShapeError

if TYPE_CHECKING:
    from assets.warehouse import Warehouse
    from sql.queries import Query

Parameters = dict[str, date | datetime | int | str | None]


@dataclass(frozen=True)
class BuildResult:
    """What building a table did: rows of the table (or of the replaced part) and the part that was replaced."""

    table: str
    rows: int
    replaced: str


def build_table(warehouse: Warehouse, query: Query, parameters: Parameters) -> BuildResult:
    """Build or refresh one SQL table and return what was replaced; see `Warehouse.build`."""
    make_way(warehouse.connection, query)
    if query.kind == "snapshot":
        return _build_snapshot(warehouse, query, parameters)
    if query.kind == "incremental":
        return _build_incremental(warehouse, query, parameters)
    if query.kind == "view":
        warehouse.connection.execute(f"create or replace view {query.table} as {query.sql}")
        return BuildResult(query.table, warehouse.count(query.table), "view")
    used = {name: value for name, value in parameters.items() if name in query.parameters}
    fresh = f"{query.layer}.{query.name}__new"
    select = warehouse.typed_select(query, parameters)
    with warehouse.transaction():
        warehouse.connection.execute(f"create or replace table {fresh} as {select}", used)
        warehouse.connection.execute(f"drop table if exists {query.table}")
        warehouse.connection.execute(f"alter table {fresh} rename to {query.name}")
    return BuildResult(query.table, warehouse.count(query.table), "whole table")


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
    used = {name: value for name, value in parameters.items() if name in query.parameters}
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
    ranges = warehouse.stale_ranges(query)
    for from_date, until_date in (piece for span in ranges for piece in pieces(warehouse.connection, span)):
        span = {**parameters, "from_date": from_date, "until_date": until_date}
        used = {name: value for name, value in span.items() if name in query.parameters}
        select = warehouse.typed_select(query, used)
        with warehouse.transaction():
            _prepare(warehouse, query, select, used)
            run(
                f"delete from {query.table} where {query.partition} >= $from_date and {query.partition} < $until_date",
                {"from_date": from_date, "until_date": until_date},
            )
            run(f"insert into {query.table} by name {select}", used)
    if not warehouse.exists(query.table):
        empty = {**parameters, "from_date": date(1970, 1, 1), "until_date": date(1970, 1, 1)}
        used = {name: value for name, value in empty.items() if name in query.parameters}
        run(f"create table {query.table} as {warehouse.typed_select(query, used)} limit 0", used)
    with warehouse.transaction():
        run("delete from bronze.touched_dates where table_name = $1", [query.table])
        run("insert or replace into bronze.table_state values ($1, $2)", [query.table, query.version])
    replaced = ", ".join(f"{from_date}..{until_date}" for from_date, until_date in ranges)
    return BuildResult(query.table, warehouse.count(query.table), replaced or "nothing (no new dates)")
