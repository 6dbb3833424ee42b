"""Snapshots of past days on all that is known today equal those that daily runs stored then.

Whole runs with models and published versions, for three days, are in `tests/pipelines/test_same_result.py`. Here only users,
orders and events are taken in, day by day as they arrive, and only features are built, so that more days are quick;
`HYPOTHESIS_PROFILE=thorough` takes ninety. Lines are left out: a refunded one comes with its refund, so spend may differ.
"""

import os
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from assets.ingest import ingest
from assets.warehouse import Warehouse, open_warehouse
from pipelines.world import generate
from sql.mappings import load_mapping_set
from sql.queries import load_queries

pytestmark = pytest.mark.slow
DAYS, LAST_DAYS = 120, 90 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 4
CORE = ("core.events", "core.users", "core.orders", "core.user_day", "core.sessions")
FEATURES = ("feature.order_activity", "feature.behaviour")
SOURCES = ("users", "events", "orders")


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("backfill") / "world"
    generate(out, users=30, events=2400, days=DAYS, seed=6, last_days=LAST_DAYS, workers=1)
    return out


def take_in(home: Path, folder: Path) -> None:
    for path in sorted(folder.glob("*.parquet")):
        if path.stem.split("-")[0] in SOURCES:
            (home / "landing").mkdir(parents=True, exist_ok=True)
            shutil.copy(path, home / "landing" / f"{path.stem}-{folder.name}.parquet")
    received_at = datetime.fromisoformat("2025-12-31")
    summary = ingest(
        home, home / "landing", load_mapping_set("canonical"), received_at=received_at, time_zone="Asia/Shanghai",
        base_currency="CNY",
    )  # fmt: skip
    assert summary.stopped == []


def build(warehouse: Warehouse, tables: tuple[str, ...], as_of: date | None = None) -> None:
    for table in tables:
        warehouse.build(load_queries()[table], {"as_of": as_of})


def stored(warehouse: Warehouse) -> dict[str, pd.DataFrame]:
    return {table: warehouse.frame(f"select * from {table} order by as_of, user_id") for table in FEATURES}


def test_a_backfill_equals_the_daily_runs(world, tmp_path):
    daily, filled = tmp_path / "daily", tmp_path / "filled"
    days = sorted((world / "days").iterdir())
    as_ofs = [date.fromisoformat(day.name) + timedelta(days=1) for day in days]
    assert len(as_ofs) == LAST_DAYS
    take_in(daily, world / "history")
    for day, as_of in zip(days, as_ofs, strict=True):
        take_in(daily, day)
        with open_warehouse(daily) as warehouse:
            build(warehouse, CORE)
            build(warehouse, FEATURES, as_of)
    everything = tmp_path / "everything"
    everything.mkdir()
    for folder in (world / "history", *days):
        for path in folder.glob("*.parquet"):
            shutil.copy(path, everything / f"{path.stem}-{folder.name}.parquet")
    take_in(filled, everything)
    with open_warehouse(filled) as warehouse, open_warehouse(daily) as other:
        build(warehouse, CORE)
        for as_of in as_ofs:
            build(warehouse, FEATURES, as_of)
        found, then = stored(warehouse), stored(other)
    for table in FEATURES:
        assert then[table].as_of.nunique() == LAST_DAYS
        pd.testing.assert_frame_equal(found[table], then[table], rtol=1e-9, atol=1e-9)
