"""A table that tells what changed: its readers build nothing for a touched date without a change, and all that did change."""

import pytest

from assets.stale_dates import readers_of
from assets.warehouse import open_in_memory
from sql.queries import load_queries
from tests.sql.point_in_time import load
from tests.sql.random_shop import BUSY_DAYS, random_shop

pytestmark = pytest.mark.slow

SHOP = random_shop(3)
CORE = [query for query in load_queries().values() if query.layer == "core"]
TELLER = load_queries()["core.user_active_day"]
READERS = readers_of(TELLER)


@pytest.fixture
def shop():
    with open_in_memory() as warehouse:
        load(warehouse, SHOP, seed=1)
        build(warehouse)
        yield warehouse


def build(warehouse):
    return {query.table: warehouse.build(query, {}).replaced for query in CORE}


def touch(warehouse, contract, day):
    warehouse.connection.execute(
        "insert into bronze.touched_dates select table_name, $1, $2 from bronze.table_state", [contract, day]
    )


def rows(warehouse):
    names = [query.table for query in CORE]
    return {name: sorted(warehouse.connection.execute(f"from {name}").fetchall(), key=repr) for name in names}


def test_readers_are_found():
    kinds = {query.table: query.kind for query in READERS}
    assert kinds == {
        "core.activity_arrival": "incremental",
        "core.active_days_count": "incremental",
        "core.period_pair": "incremental",
        "core.user_presence": "by_user",
    }


def test_a_touched_date_without_a_change_is_not_told(shop):
    touch(shop, "orders", BUSY_DAYS[0])
    replaced = build(shop)
    assert str(BUSY_DAYS[0]) in replaced[TELLER.table]
    assert {replaced[query.table] for query in READERS} == {"nothing (no new dates)", "0 users"}


LAST_DAY = max(event["activity_date"] for event in SHOP["events"])


@pytest.mark.parametrize("day", [BUSY_DAYS[0], pytest.param(LAST_DAY, marks=pytest.mark.slow)], ids=str)
def test_days_taken_away_give_the_rows_of_a_full_build(shop, day):
    """The first day of some users and the last day of the data: cohorts move, and a date holds nothing any more."""
    for table in ("events", "orders"):
        column = "activity_date" if table == "events" else "ordered_date"
        shop.connection.execute(f"delete from bronze.{table} where {column} = $1", [day])
        touch(shop, table, day)
    before = rows(shop)
    build(shop)
    changed = rows(shop)
    shop.connection.execute("delete from bronze.table_state")
    build(shop)
    assert [name for name, wanted in rows(shop).items() if wanted != changed[name]] == []
    assert all(changed[query.table] != before[query.table] for query in READERS)


def test_readers_are_built_anew_with_the_table_that_tells(shop):
    shop.connection.execute("delete from bronze.events where activity_date = $1", [BUSY_DAYS[0]])
    shop.connection.execute("delete from bronze.table_state where table_name = $1", [TELLER.table])
    shop.connection.execute("delete from bronze.table_state where table_name = 'core.user_day'")
    build(shop)
    told = {query.table: rows(shop)[query.table] for query in READERS}
    shop.connection.execute("delete from bronze.table_state")
    build(shop)
    assert {table: rows(shop)[table] for table in told} == told
    assert shop.value("select count(*) from bronze.stale_users") == 0
