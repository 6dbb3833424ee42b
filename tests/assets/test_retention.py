"""Old snapshots of users go, the newest and each month's first stay, and what later runs read is never taken away."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from assets.retention import kept_as_ofs, prune_snapshots, snapshot_tables
from assets.segments import previous_as_of
from assets.warehouse import Warehouse, open_warehouse
from contracts.outputs import TABLES
from sql.queries import load_queries

FIRST = date(2024, 1, 30)


def test_the_newest_days_and_the_first_of_each_month_stay():
    days = [date(2024, 1, 30) + timedelta(days=number) for number in range(40)]  # 30 January to 9 March
    kept = kept_as_ofs(days, keep_daily=3)
    assert kept == [date(2024, 1, 30), date(2024, 2, 1), date(2024, 3, 1), *days[-3:]]
    assert kept_as_ofs(kept, keep_daily=3) == kept


def test_in_a_shop_that_is_run_weekly_the_first_run_of_a_month_stands_for_it():
    mondays = [date(2024, 1, 1) + timedelta(days=7 * number) for number in range(9)]
    assert kept_as_ofs(mondays, keep_daily=1) == [date(2024, 1, 1), date(2024, 2, 5), date(2024, 2, 26)]


@pytest.mark.parametrize("keep_daily", [1, 5, 100])
def test_no_snapshot_is_removed_before_its_successor_is_there(keep_daily):
    """Daily pruning ends with the same snapshots as pruning once, because a month's first stays its first."""
    days = [FIRST + timedelta(days=number) for number in range(70)]
    stored: list[date] = []
    for day in days:
        stored = kept_as_ofs([*stored, day], keep_daily=keep_daily)
        assert day in stored
    assert stored == kept_as_ofs(days, keep_daily=keep_daily)


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory):
    """A home with every table, all empty, built once: a test's warehouse begins as a copy of it."""
    home = tmp_path_factory.mktemp("empty")
    with open_warehouse(home) as opened:
        for query in load_queries().values():
            opened.build(query, {"as_of": FIRST, "horizon_days": 28})
    return home


@pytest.fixture
def warehouse(empty_home, tmp_path):
    with open_warehouse(shutil.copytree(empty_home, tmp_path / "home")) as opened:
        yield opened


def fill(warehouse: Warehouse, days: list[date]) -> None:
    """Two users in the features and one in a list, and the sizes of that list, on each day."""
    for day in days:
        for table in ("feature.user_features", "feature.spend"):
            for user in ("u1", "u2"):
                warehouse.connection.execute(f"insert into {table} (user_id, as_of) values ($1, $2)", [user, day])
        sizes = dict.fromkeys(TABLES["segment.sizes"].columns, 1) | {"segment": "pricing", "as_of": day, "reason": None}
        warehouse.write_frame(TABLES["segment.sizes"], pd.DataFrame([sizes]), as_of=day)


def days_of(warehouse: Warehouse, table: str) -> list[date]:
    return [row[0] for row in warehouse.connection.execute(f"select distinct as_of from {table} order by 1").fetchall()]


def test_snapshots_of_users_are_pruned_and_history_stays(warehouse):
    days = [FIRST + timedelta(days=number) for number in range(6)]  # 30 January to 4 February
    fill(warehouse, days)
    removed = prune_snapshots(warehouse, days[-1], keep_daily=2)
    # four user rows on each of the days that are neither the newest two nor a month's first
    assert removed == {date(2024, 1, 31): 4, date(2024, 2, 2): 4}
    kept = [date(2024, 1, 30), date(2024, 2, 1), date(2024, 2, 3), date(2024, 2, 4)]
    assert days_of(warehouse, "feature.user_features") == days_of(warehouse, "feature.spend") == kept
    assert days_of(warehouse, "segment.sizes") == days
    assert prune_snapshots(warehouse, days[-1], keep_daily=2) == {}


def test_the_snapshot_of_a_backfilled_day_stays_until_the_next_has_read_it(warehouse):
    newest = [date(2024, 3, 1) + timedelta(days=number) for number in range(3)]
    past = [date(2024, 1, 30) + timedelta(days=number) for number in range(3)]
    fill(warehouse, [*newest, past[0], past[1]])
    prune_snapshots(warehouse, past[1], keep_daily=2)
    assert past[1] in days_of(warehouse, "feature.spend")
    fill(warehouse, [past[2]])
    prune_snapshots(warehouse, past[2], keep_daily=2)
    assert past[1] not in days_of(warehouse, "feature.spend")


def test_who_entered_a_list_is_told_from_a_snapshot_that_is_still_there(warehouse):
    days = [FIRST + timedelta(days=number) for number in range(6)]
    fill(warehouse, days)
    assert previous_as_of(warehouse, "pricing", days[3]) == days[2]
    prune_snapshots(warehouse, days[-1], keep_daily=2)
    assert previous_as_of(warehouse, "pricing", days[3]) == days[2]  # 1 February, a month's first
    assert previous_as_of(warehouse, "pricing", days[4]) == days[2]  # 2 February is gone
    assert previous_as_of(warehouse, "pricing", FIRST) is None


def test_every_table_of_users_and_dates_is_pruned_and_no_other(warehouse):
    tables = snapshot_tables(warehouse)
    assert {"feature.user_features", "score.user_propensity", "segment.members", "segment.pricing"} <= set(tables)
    assert not {"segment.sizes", "score.model_card", "score.cluster_model", "core.users"} & set(tables)


def test_an_empty_home_has_nothing_to_prune(warehouse):
    assert prune_snapshots(warehouse, FIRST, keep_daily=1) == {}


def test_what_reads_an_earlier_snapshot_reads_one_that_is_kept():
    """The SQL files and assets that read `as_of < $as_of` take the latest one before: the kept ones hold it."""
    readers = [path for path in Path("assets").glob("*.py") if "as_of < $as_of" in path.read_text(encoding="utf-8")]
    assert [path.name for path in readers] == ["clusters.py", "segments.py"], "look whether pruning is right for it"
