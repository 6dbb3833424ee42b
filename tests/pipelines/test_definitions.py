"""What Dagster sees: every table an asset with checks, jobs that select what they claim, a schedule, a sensor."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from assets.home import Home
from assets.tables import DAILY
from contracts.outputs import PUBLISHED_TABLES, SEGMENTS, TABLES
from contracts.settings import Settings
from contracts.sources import SOURCES
from pipelines.definitions import build_definitions
from pipelines.jobs import new_landing_files
from sql.queries import load_queries


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions(Home(path="unused"))


def names(definitions: dg.Definitions) -> set[str]:
    return {".".join(key.path) for key in definitions.resolve_asset_graph().get_all_asset_keys()}


def test_every_table_is_an_asset_and_every_asset_a_table(definitions):
    declared = {f"bronze.{name}" for name in SOURCES} | set(TABLES) | set(load_queries()) | {"published.version"}
    assert names(definitions) == declared


def test_lineage_is_what_the_sql_reads(definitions):
    graph = definitions.resolve_asset_graph()
    for table, query in load_queries().items():
        parents = {".".join(key.path) for key in graph.get(dg.AssetKey(table.split("."))).parent_keys}
        assert parents == set(query.inputs), table
    published = {".".join(key.path) for key in graph.get(dg.AssetKey(["published", "version"])).parent_keys}
    assert set(PUBLISHED_TABLES) <= published
    assert {"segment.members", "segment.sizes"} <= published
    assert {f"segment.{name}" for name in SEGMENTS} <= names(definitions)


def test_jobs_select_what_they_claim(definitions):
    def selected(job: str) -> set[str]:
        layer = definitions.resolve_job_def(job).asset_layer
        return {".".join(key.path) for key in layer.selected_asset_keys}

    assert selected("backtest") == {"score.backtest", "score.backtest_curve"}
    assert selected("load") | selected("snapshots") == selected("daily") == names(definitions) - selected("backtest")
    assert {name.split(".")[0] for name in selected("load")} == {"bronze", "core"}
    assert not {name.split(".")[0] for name in selected("snapshots")} & {"bronze", "core"}


def test_every_sql_table_checks_its_grain_and_each_assert(definitions):
    checks = {}
    for key in definitions.resolve_asset_graph().asset_check_keys:
        checks.setdefault(".".join(key.asset_key.path), set()).add(key.name)
    for table, query in load_queries().items():
        wanted = {f"assert_{number}" for number in range(1, len(query.asserts) + 1)}
        wanted |= {"grain_unique"} if query.grain != ("none",) else set()
        assert wanted <= checks.get(table, set()), table
    assert {"order_id_not_null", "kind_known", "ordered_at_not_null"} <= checks["bronze.orders"]


@pytest.mark.parametrize(
    "zone, moment, as_of",
    [
        ("Asia/Shanghai", datetime(2024, 5, 1, 19, 30, tzinfo=UTC), "2024-05-02"),
        ("America/New_York", datetime(2024, 5, 2, 7, 30, tzinfo=UTC), "2024-05-02"),
        ("Pacific/Auckland", datetime(2024, 5, 1, 15, 30, tzinfo=UTC), "2024-05-02"),
    ],
)
def test_the_schedule_asks_for_the_day_at_half_past_three_in_the_shops_zone(zone, moment, as_of):
    home = Home(path="unused", settings_json=Settings(time_zone=zone).model_dump_json())
    (every_night,) = build_definitions(home).schedules
    assert every_night.execution_timezone == zone
    assert moment.astimezone(ZoneInfo(zone)).strftime("%H:%M") == "03:30"
    context = dg.build_schedule_context(scheduled_execution_time=moment)
    assert every_night(context).partition_key == as_of


def test_every_zone_has_the_partition_of_its_tomorrow():
    easternmost = datetime(2024, 5, 1, 10, 30, tzinfo=UTC)  # 00:30 of the next day at UTC+14, 18:30 in Shanghai
    tomorrow = (easternmost.astimezone(ZoneInfo("Pacific/Kiritimati")).date() + timedelta(days=1)).isoformat()
    assert tomorrow in DAILY.get_partition_keys(current_time=easternmost)


def test_the_sensor_asks_once_for_each_change_of_the_landing_folder(tmp_path):
    home = Home(path=str(tmp_path / "home"))
    with dg.build_sensor_context(resources={"home": home}) as context:
        assert isinstance(new_landing_files(context), dg.SkipReason)
    landing = tmp_path / "home" / "landing"
    landing.mkdir(parents=True)
    (landing / "orders.csv").write_text("order_id\n")
    with dg.build_sensor_context(resources={"home": home}) as context:
        asked = new_landing_files(context)
    assert len(asked.run_requests) == 1
    with dg.build_sensor_context(resources={"home": home}, cursor=asked.cursor) as again:
        assert isinstance(new_landing_files(again), dg.SkipReason)


def test_the_reference_of_tables_is_current():
    from pathlib import Path

    from pipelines.reference import reference_page

    page = Path(__file__).parents[2] / "docs" / "tables.md"
    assert page.read_text(encoding="utf-8") == reference_page(), "run `make docs`"
