"""Core tables depend on what arrived, not on how: any order of rows, repeated rows, versions out of turn, dates in parts.

That ingest lets each event in once is tested with ingest; here events are not repeated.
"""

from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.warehouse import Warehouse, open_in_memory
from contracts.sources import SOURCES
from sql.queries import load_queries
from tests.sql.point_in_time import insert, load
from tests.sql.random_shop import BUSY_DAYS, DAYS, FIRST_DAY, Shop, finished, random_shop

SEED = 7
NEVER, NEW_YEAR = datetime(1, 1, 1), datetime(2024, 1, 1)  # noqa: DTZ001  the warehouse keeps UTC without zone
SHOP = random_shop(SEED)
CORE = [query for query in load_queries().values() if query.layer == "core"]


def core_rows(shop: Shop, *, order: int) -> dict[str, list[tuple]]:
    """Core table -> its sorted rows, of bronze filled in the given order."""
    with open_in_memory() as warehouse:
        load(warehouse, shop, seed=1, order=order)
        for query in CORE:
            warehouse.build(query, {})
        return {query.table: sorted_rows(warehouse, f"select * from {query.table}") for query in CORE}


def sorted_rows(warehouse: Warehouse, sql: str) -> list[tuple]:
    return sorted(warehouse.connection.execute(sql).fetchall(), key=repr)


@pytest.fixture(scope="module")
def once() -> dict[str, list[tuple]]:
    return core_rows(SHOP, order=0)


@pytest.mark.slow
@settings(max_examples=3)
@given(order=st.integers(1, 10_000), repeated=st.integers(0, 10_000))
def test_order_and_repetition_of_rows_do_not_matter(once, order, repeated):
    random = Random(repeated)
    again = {
        name: rows + (random.choices(rows, k=len(rows) // 3) if rows and SOURCES[name].is_versioned else [])
        for name, rows in SHOP.items()
    }
    found = core_rows(again, order=order)
    assert [table for table in once if once[table] != found[table]] == []


VERSIONS = st.lists(
    st.fixed_dictionaries({
        "order_id": st.sampled_from(["a", "b"]),
        "status": st.sampled_from(["placed", "paid", "cancelled"]),
        "coupon_id": st.sampled_from([None, "spring"]),
        "ordered_at": st.sampled_from([NEW_YEAR, NEW_YEAR + timedelta(days=3)]),
        "updated_at": st.sampled_from([None, NEW_YEAR, NEW_YEAR + timedelta(days=1)]),
    }),
    max_size=8,
)  # fmt: skip


@pytest.mark.slow
@given(versions=VERSIONS)
def test_newest_version_of_an_order(bound_warehouse, versions):
    """Against a slow twin, a day at a time: the latest update wins, an undated one loses to any, ties go to the greater hash."""
    contract, query = SOURCES["orders"], load_queries()["core.orders"]
    rows = [finished(contract, {"kind": "sale", "currency": "CNY"} | row) for row in versions]
    expected: dict[str, dict] = {}
    for row in rows:
        best = expected.setdefault(row["order_id"], row)
        if (row["updated_at"] or NEVER, row["row_hash"]) > (
            best["updated_at"] or NEVER,
            best["row_hash"],
        ):
            expected[row["order_id"]] = row
    connection, found = bound_warehouse.connection, []
    connection.execute("begin transaction")
    try:
        insert(bound_warehouse, "bronze.orders", (*contract.columns, "ordered_date", "row_hash"), rows)
        moved = [{"contract": "orders", "moved_id": name} for name in ("a", "b")]
        insert(bound_warehouse, "bronze.moved_ids", ("contract", "moved_id"), moved)
        for day in range(-1, 5):
            span = {"from_date": NEW_YEAR.date() + timedelta(days=day)}
            span["until_date"] = span["from_date"] + timedelta(days=1)
            found += connection.execute(
                f"select order_id, status, coupon_id, ordered_at from ({query.sql})", span
            ).fetchall()
    finally:
        connection.execute("rollback")
    known = [(row["order_id"], row["status"], row["coupon_id"], row["ordered_at"]) for row in expected.values()]
    assert sorted(found, key=repr) == sorted(known, key=repr)


@pytest.fixture(scope="module")
def loaded():
    with open_in_memory() as warehouse:
        load(warehouse, SHOP, seed=1)
        robot = {"user_id": "u1", "event_type": "view"}
        start = datetime.combine(BUSY_DAYS[0], NEVER.time())
        chain = [
            finished(SOURCES["events"], robot | {"event_id": f"r{n}", "occurred_at": start + timedelta(minutes=25 * n)})
            for n in range(200)
        ]
        key = warehouse.value("select user_key from bronze.user_keys where user_id = 'u1'")
        insert(
            warehouse,
            "bronze.events",
            ("user_key", "activity_date", "occurred_at", "event_type"),
            [row | {"user_key": key} for row in chain],
        )
        for query in load_queries().values():
            if query.layer == "core" or query.kind == "incremental":
                warehouse.build(query, {})
        yield warehouse


INCREMENTAL = [query.table for query in load_queries().values() if query.kind == "incremental"]
CUTS = st.lists(st.integers(1, DAYS), max_size=6, unique=True)


@pytest.mark.parametrize("table", INCREMENTAL)
@settings(max_examples=3)
@given(cuts=CUTS)
def test_dates_in_parts_make_the_whole(loaded, table, cuts):
    """A session over midnight, and a robot that never stops, included."""
    parts_make_the_whole(loaded, table, cuts)


@pytest.mark.slow
@pytest.mark.parametrize("table", INCREMENTAL)
@given(cuts=CUTS)
def test_dates_in_many_parts_make_the_whole(loaded, table, cuts):
    parts_make_the_whole(loaded, table, cuts)


def parts_make_the_whole(loaded, table, cuts):
    query = load_queries()[table]
    whole = sorted_rows(loaded, f"select * from {table}")
    edges = [
        FIRST_DAY - timedelta(days=31),  # a period stands on its first day
        *(FIRST_DAY + timedelta(days=day) for day in sorted(cuts)),
        date(2025, 1, 1),
    ]
    parts = []
    for from_date, until_date in pairwise(edges):
        span = {"from_date": from_date, "until_date": until_date}
        parts += loaded.connection.execute(loaded.typed_select(query, span), span).fetchall()
    assert sorted(parts, key=repr) == whole
