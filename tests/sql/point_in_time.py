"""Finds features that know the future: each is built on the sources as they are and as they stood at as_of.

What the past may not know is told by the contracts alone, so a new feature, column or contract is covered without being
named here:

- rows whose event time, or a time that tells versions apart, falls on as_of or later are not there yet;
- rows without a time of their own (order lines) are there once the row they belong to is;
- a column with `known_at` is null until that date, and so is the date;
- a column that `changes` had some other value then, and so had the undated attributes of users and products;
- ids get other keys, and only those who had appeared get one; `updated_at` on as_of or later is another.
"""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pyarrow as pa

from assets.stored_layout import stored_columns
from assets.warehouse import Parameters, Warehouse, open_in_memory
from contracts.columns import COLUMNS
from contracts.contract import SourceContract
from contracts.sources import SOURCES
from sql.queries import Query, load_queries
from tests.sql.random_shop import Row, Shop, business_date, finished

LASTING = {"products": {"name", "category", "brand", "supplier_id"}}
"""Undated columns that are taken for lasting: the newest description of a product is used for every as_of."""
UNDATED = {"products"}
"""Contracts whose rows have no time and belong to no row that has one."""
ARROW = {
    "VARCHAR": pa.string(),
    "BOOLEAN": pa.bool_(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "DECIMAL(18,4)": pa.decimal128(18, 4),
}


def cut_dates(contract: SourceContract) -> tuple[str, ...]:
    """Return the business dates from which a row is there: of its event time, and of times and dates in its key."""
    timed = {day for moment, day in contract.dates if moment == contract.event_time or moment in contract.key}
    named = {*contract.key, contract.event_time} - {None}
    return tuple(sorted(timed | {name for name in named if COLUMNS[name].type == "DATE"}))


def parent(contract: SourceContract) -> SourceContract | None:
    """Return the contract with a time whose rows the undated rows of this one belong to, by its key."""
    for other in SOURCES.values():
        if other.name != contract.name and cut_dates(other) and set(other.key) <= set(contract.columns):
            return other
    return None


def other_value(value: Any) -> Any:
    """Return a value of the same type that is not this one; something, where there was nothing."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float | Decimal):
        return value + 1
    if isinstance(value, date):
        return value + timedelta(days=1)
    return {"placed": "completed", "{}": '{"other": 1}'}.get(
        value, "placed" if value == "completed" else f"other {value}"
    )


def _undated(contract: SourceContract, row: Row) -> set[str]:
    """Return the columns of this row that may have had another value at any earlier time."""
    changing = {name for name in contract.columns if COLUMNS[name].changes}
    versions = {name for name in contract.key if COLUMNS[name].type == "TIMESTAMP"}
    if (versions and all(row[name] is None for name in versions)) or contract.name in UNDATED:
        held = {*contract.key, "updated_at", contract.event_time, *LASTING.get(contract.name, ())}
        changing |= {name for name in contract.columns if name not in held and not COLUMNS[name].known_at}
    return changing


def as_known_at(shop: Shop, as_of: date) -> Shop:
    """Return the sources as they stood when as_of began; never more rows than there are."""
    known: Shop = {}
    for name, contract in SOURCES.items():
        days = cut_dates(contract)
        rows = [row for row in shop[name] if all(row[day] is None or row[day] < as_of for day in days)]
        if not days and name not in UNDATED:
            above = parent(contract)
            if above is None:
                message = (
                    f"contract {name} has no time and belongs to no row that has one: say so in point_in_time.UNDATED"
                )
                raise AssertionError(message)
            there = {tuple(row[key] for key in above.key) for row in as_known_at_rows(shop, above, as_of)}
            rows = [row for row in rows if tuple(row[key] for key in above.key) in there]
        known[name] = [_blanked(contract, row, as_of) for row in rows]
    return known


def as_known_at_rows(shop: Shop, contract: SourceContract, as_of: date) -> list[Row]:
    """Return the rows of a contract with a time that were there before as_of, as they are."""
    return [
        row for row in shop[contract.name] if all(row[day] is None or row[day] < as_of for day in cut_dates(contract))
    ]


def _blanked(contract: SourceContract, row: Row, as_of: date) -> Row:
    changed = dict(row)
    moments = {day: moment for moment, day in contract.dates}
    for name in contract.columns:
        day = COLUMNS[name].known_at
        if day and row.get(day) is not None and row[day] >= as_of:
            changed[name] = None
            if day in moments:
                changed[moments[day]] = None
    for name in _undated(contract, row):
        changed[name] = other_value(row[name]) if row[name] is not None or COLUMNS[name].type == "VARCHAR" else None
    updated = row.get("updated_at")
    if isinstance(updated, datetime) and business_date(updated) >= as_of:
        changed["updated_at"] = updated + timedelta(days=1000)  # later versions stay in their order
    return finished(contract, changed)


def _numbered(ids: Iterable[str | None], random: Random) -> dict[str, int]:
    found = sorted({name for name in ids if name is not None})
    random.shuffle(found)
    return {name: number for number, name in enumerate(found, start=1)}


def load(warehouse: Warehouse, shop: Shop, *, seed: int, order: int = 0) -> None:
    """Write the rows to the bronze tables, in some order, and give every id that occurs a key by the seed."""
    random = Random(seed)
    keyed = [
        (row[column], key)
        for contract in SOURCES.values()
        for column, key in contract.keyed
        for row in shop[contract.name]
    ]
    visitors = {row["anonymous_id"] for row in shop["events"] if row["user_id"] is None}
    people = _numbered([*(name for name, key in keyed if key.endswith("user_key")), *visitors], random)
    products = _numbered((name for name, key in keyed if key == "product_key"), random)
    random = Random(order)
    for contract in SOURCES.values():
        rows = []
        for row in shop[contract.name]:
            full = dict(row)
            if contract.name == "events":
                full["user_key"] = people[row["user_id"] or row["anonymous_id"]]
                full["target_user_key"] = people.get(row["target_user_id"])
                full["product_key"] = products.get(row["product_id"])
            rows.append(full)
        random.shuffle(rows)
        insert(warehouse, f"bronze.{contract.name}", stored_columns(contract), rows)
    users = [{"user_id": name, "user_key": key, "is_anonymous": name in visitors} for name, key in people.items()]
    insert(warehouse, "bronze.user_keys", ("user_id", "user_key", "is_anonymous"), users)
    insert(warehouse, "bronze.product_keys", ("product_id", "product_key"), [
        {"product_id": name, "product_key": key} for name, key in products.items()
    ])  # fmt: skip


def insert(warehouse: Warehouse, table: str, columns: tuple[str, ...], rows: list[Row]) -> None:
    """Append rows to a table; columns that a row lacks are null."""
    schema = pa.schema([(name, ARROW[COLUMNS[name].type]) for name in columns])
    arrow = pa.Table.from_pylist([{name: row.get(name) for name in columns} for row in rows], schema=schema)
    warehouse.connection.register("rows_to_insert", arrow)
    warehouse.connection.execute(f"insert into {table} by name from rows_to_insert")
    warehouse.connection.unregister("rows_to_insert")


@contextmanager
def open_shop(shop: Shop, *, seed: int) -> Iterator[Warehouse]:
    """Open a warehouse in memory with the shop in bronze and every core table built."""
    with open_in_memory() as warehouse:
        load(warehouse, shop, seed=seed)
        for query in load_queries().values():
            if query.layer == "core":
                warehouse.build(query, {})
        yield warehouse


def leaks(whole: Warehouse, known: Warehouse, queries: list[Query], parameters: Parameters) -> list[str]:
    """Build the snapshots on both sides and return what differs: none means that the past does not see the future."""
    found = []
    for query in queries:
        snapshots = []
        for warehouse in (whole, known):
            warehouse.build(query, parameters)
            cursor = warehouse.connection.execute(
                f"select * from {query.table} where as_of = $as_of", {"as_of": parameters["as_of"]}
            )
            names = [column[0] for column in cursor.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            snapshots.append({tuple(row[name] for name in query.grain): row for row in rows})
        found += _differences(query, *snapshots)
    return found


def _differences(query: Query, whole: dict[tuple, Row], known: dict[tuple, Row]) -> list[str]:
    messages = []
    if early := set(whole) - set(known):
        messages.append(f"{query.table}: {len(early)} rows are there before their time, e.g. {min(early, key=str)}")
    if missing := set(known) - set(whole):
        messages.append(
            f"{query.table}: {len(missing)} rows vanish when the future is known, e.g. {min(missing, key=str)}"
        )
    columns: dict[str, list[str]] = {}
    for key in sorted(set(whole) & set(known), key=str):
        for name, value in whole[key].items():
            if not _same(value, known[key][name]):
                columns.setdefault(name, []).append(f"{key}: {value} instead of {known[key][name]}")
    messages += [
        f"{query.table}.{name} knows the future in {len(rows)} rows, e.g. {rows[0]}" for name, rows in columns.items()
    ]
    return messages


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-9)
    return left == right
