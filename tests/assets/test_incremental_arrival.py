"""Deliveries in any order, split, late or repeated make the same tables as one full build; only touched dates are rebuilt.

The real loading (`ingest`) and the real builds run on a small simulated shop. Bronze alone is in
`ingest/test_ingest_repeats.py`, single tables over dates in parts in `tests/sql/test_arrival.py`, published versions in
`tests/pipelines/test_same_result.py`.
"""

import csv
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from random import Random

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets import stale_dates
from assets.ingest import ingest
from assets.warehouse import Warehouse, open_warehouse
from pipelines.world import SOURCES, generate
from sql.mappings import load_mapping_set
from sql.queries import Query, load_queries
from tests.assets.changing_sales import HEADERS, changing_sales, versions_on_several_dates

pytestmark = pytest.mark.slow
AS_OF, HORIZON_DAYS = date(2024, 2, 5), 7
RECEIVED_AT = datetime.fromisoformat("2024-12-31")
OF_FILES = ("report.data_quality", "report.exclusions")
"""What tells of files may differ with the files."""
KEYS = {
    "user_key": ("bronze.user_keys", "user_key", "user_id"),
    "target_user_key": ("bronze.user_keys", "user_key", "user_id"),
    "product_key": ("bronze.product_keys", "product_key", "product_id"),
}
TIMES = {"users": "valid_from", "events": "occurred_at", "orders": "updated_at", "feedback": "created_at"}


def buildable() -> list[Query]:
    """Every SQL table that needs no score, in flow order."""
    missing: set[str] = set()
    chosen = []
    for query in load_queries().values():
        if any(name.startswith("score.") or name in missing for name in query.inputs) or query.reads_itself:
            missing.add(query.table)
        else:
            chosen.append(query)
    return chosen


TABLES = buildable()
STANDING = [query for query in TABLES if query.kind in ("full", "incremental", "by_user", "view")]
SNAPSHOTS = [query for query in TABLES if query.kind == "snapshot"]


@dataclass(frozen=True)
class Shop:
    """Records of a simulated shop by source: the header, and (time or number, line) of each record."""

    headers: dict[str, str] = field(repr=False)
    records: dict[str, list[tuple[str, str]]] = field(repr=False)


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Shop:
    out = tmp_path_factory.mktemp("arrival") / "world"
    generate(out, users=25, events=900, days=35, seed=4, file_format="csv")
    headers, records = {}, {}
    for source in SOURCES:
        header, *lines = (out / f"{source}.csv").read_text().splitlines()
        headers[source] = header
        place = header.split(",").index(TIMES[source]) if source in TIMES else None
        times = [f"{number:06d}" if place is None else row[place] for number, row in enumerate(csv.reader(lines))]
        records[source] = list(zip(times, lines, strict=True))
    sales = changing_sales(seed=4)
    assert len(list(versions_on_several_dates(sales))) > 5
    return Shop(headers | HEADERS, records | sales)


def deliver(home: Path, shop: Shop, files: dict[str, list[list[str]]], *, run: int) -> None:
    """Put files of lines by source into the landing folder and take them in."""
    landing = home / "landing"
    landing.mkdir(parents=True, exist_ok=True)
    for source, parts in files.items():
        for number, lines in enumerate(parts):
            text = "\n".join([shop.headers[source], *lines]) + "\n"
            (landing / f"{source}-{run}-{number}.csv").write_text(text)
    summary = ingest(
        home, landing, load_mapping_set("canonical"), received_at=RECEIVED_AT, time_zone="Asia/Shanghai", base_currency="CNY"
    )  # fmt: skip
    assert summary.stopped == []


def build(warehouse: Warehouse, queries: list[Query]) -> dict[str, str]:
    """Build tables and return table -> what was replaced."""
    parameters = {"as_of": AS_OF, "horizon_days": HORIZON_DAYS, "received_at": RECEIVED_AT}
    return {query.table: warehouse.build(query, dict(parameters)).replaced for query in queries}


def settle_horizon(warehouse: Warehouse) -> None:
    """Give the home a horizon, as the asset `core/horizons` does."""
    warehouse.connection.execute("delete from core.horizons")
    warehouse.connection.execute("insert into core.horizons by name select 7 as horizon_days, 14 as churn_window_days")


def contents(warehouse: Warehouse) -> dict[str, pd.DataFrame]:
    """Every table's rows in the order of their grain, with the ids behind integer keys."""
    found = {}
    for query in TABLES:
        if query.table in OF_FILES:
            continue
        columns = [row[0] for row in warehouse.connection.execute(f"describe {query.table}").fetchall()]
        named = [
            f"(select {KEYS[name][2]} from {KEYS[name][0]} as keys where keys.{KEYS[name][1]} = rows.{name}) as {name}"
            if name in KEYS
            else f"rows.{name}"
            for name in columns
        ]
        order = "all" if query.grain == ("none",) else ", ".join(query.grain)
        found[query.table] = warehouse.frame(f"select {', '.join(named)} from {query.table} as rows order by {order}")
    return found


def different(first: dict[str, pd.DataFrame], second: dict[str, pd.DataFrame]) -> list[str]:
    """Tables that differ: doubles by more than 1e-9, anything else at all."""
    wrong = []
    for table, frame in first.items():
        try:
            pd.testing.assert_frame_equal(frame, second[table], rtol=1e-9, atol=1e-9)
        except AssertionError:
            wrong.append(table)
    return wrong


@pytest.fixture(scope="module")
def whole(shop, tmp_path_factory) -> dict[str, pd.DataFrame]:
    """All tables of one delivery, built once."""
    home = tmp_path_factory.mktemp("whole")
    deliver(home, shop, {source: [[line for _, line in rows]] for source, rows in shop.records.items()}, run=0)
    with open_warehouse(home) as warehouse:
        settle_horizon(warehouse)
        build(warehouse, [*STANDING, *SNAPSHOTS])
        found = contents(warehouse)
    assert {query.kind for query in TABLES} == {"full", "incremental", "by_user", "snapshot", "view"}
    assert sum(len(frame) > 0 for frame in found.values()) > 30
    return found


@pytest.fixture(autouse=True)
def _small_pieces(whole, monkeypatch):
    """Long ranges are built piece by piece; the whole is built in one."""
    assert len(whole) > 0
    monkeypatch.setattr(stale_dates, "_ROWS_AT_ONCE", 200)


ARRIVALS = st.fixed_dictionaries(
    {
        "runs": st.integers(2, 4),
        "late_share": st.sampled_from([0.0, 0.03, 0.5]),
        "repeated_share": st.sampled_from([0.0, 0.2]),
        "files": st.integers(1, 2),
        "seed": st.integers(0, 10_000),
    }
)


def plan(shop: Shop, arrival: dict) -> list[dict[str, list[list[str]]]]:
    """Runs of files by source: by time but for late rows, some rows again in any run, lines in any order."""
    random, runs = Random(arrival["seed"]), arrival["runs"]
    planned: list[dict[str, list[list[str]]]] = [{} for _ in range(runs)]
    for source, records in shop.records.items():
        by_run: list[list[str]] = [[] for _ in range(runs)]
        for rank, (_, line) in enumerate(sorted(records)):
            due = rank * runs // len(records)
            if random.random() < arrival["late_share"]:
                due = random.randrange(runs)
            by_run[due].append(line)
            if random.random() < arrival["repeated_share"]:
                by_run[random.randrange(runs)].append(line)
        for run, lines in enumerate(by_run):
            random.shuffle(lines)
            cut = random.randrange(len(lines) + 1) if arrival["files"] > 1 else len(lines)
            planned[run][source] = [part for part in (lines[:cut], lines[cut:]) if part]
    return planned


def touched_by(files: dict[str, list[list[str]]], seen: set[str]) -> set[date]:
    """Business dates of the events that come for the first time; adds them to those seen."""
    lines = {line for part in files["events"] for line in part} - seen
    seen |= lines
    return {date.fromisoformat(line.split(",")[1].strip('"')[:10]) for line in lines}


def days_of(replaced: str) -> set[date]:
    """The dates of `2024-01-03..2024-01-05, 2024-01-09..2024-01-10`, ends exclusive."""
    spans = [part.split("..") for part in replaced.split(", ")] if ".." in replaced else []
    return {day.date() for first, last in spans for day in pd.date_range(first, last, inclusive="left")}


@settings(max_examples=2, suppress_health_check=[HealthCheck.too_slow])
@given(arrival=ARRIVALS)
def test_any_arrival_equals_one_full_build(shop, whole, tmp_path_factory, arrival):
    home, seen = tmp_path_factory.mktemp("parts"), set()
    for run, files in enumerate(plan(shop, arrival)):
        deliver(home, shop, files, run=run)
        expected = touched_by(files, seen)
        with open_warehouse(home) as warehouse:
            settle_horizon(warehouse)
            replaced = build(warehouse, STANDING)
            for query in STANDING if run else ():
                if stale_dates.dated_contracts(query) == {"events"} and query.kind == "incremental":
                    reach = pd.Timedelta(days=query.lookback_days)
                    allowed = {day.date() for at in expected for day in pd.date_range(at - reach, at + reach)}
                    # each touched date, and nothing beyond its stated reach
                    assert expected <= days_of(replaced[query.table]) <= allowed, query.table
    with open_warehouse(home) as warehouse:
        build(warehouse, SNAPSHOTS)
        assert different(whole, contents(warehouse)) == []


def test_touched_dates_that_are_forgotten_are_found(shop, whole, tmp_path, monkeypatch):
    late = {"runs": 2, "late_share": 0.5, "repeated_share": 0.0, "files": 1, "seed": 1}
    real = Warehouse.stale_ranges

    def forgetful(self: Warehouse, query: Query) -> list[tuple[date, date]]:
        ranges = real(self, query)
        return ranges if not self.exists(query.table) else ranges[1:]

    monkeypatch.setattr(Warehouse, "stale_ranges", forgetful)
    for run, files in enumerate(plan(shop, late)):
        deliver(tmp_path, shop, files, run=run)
        with open_warehouse(tmp_path) as warehouse:
            settle_horizon(warehouse)
            build(warehouse, STANDING)
    with open_warehouse(tmp_path) as warehouse:
        build(warehouse, SNAPSHOTS)
        assert different(whole, contents(warehouse)) != []
