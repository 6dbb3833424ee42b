"""A question has one answer: the CSV of the command line, the frame of Python and the stored table hold the same numbers.

Which command, method and table belong together stands in `three_way_questions.py`.
"""

import argparse
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from inspect import getmembers, isfunction
from pathlib import Path
from typing import get_type_hints

import pandas as pd
import pytest

from assets.analytics import AnalysisError, Report, Shop, open_analytics
from assets.analytics.declared_funnels import entry_range
from assets.ingest import ingest
from assets.warehouse import open_warehouse
from contracts.funnels import DEFAULT_FUNNELS
from pipelines import explore
from sql.mappings import load_mapping_set
from sql.queries import load_queries
from tests.pipelines.three_way_questions import QUESTIONS, Days, Question

ROOT = Path(__file__).parents[2]
NOT_IN_SMALL_SHOPS = {"baskets"}
ON_REAL_DATA = {
    "online_retail": (
        "active users", "active days", "lifecycle of buyers", "retention", "retention curve", "value", "value curve", "revenue",
        "distribution", "intervals", "attribution", "trend", "calendar", "baskets", "profile",
    ),
    "rees46": (
        "transitions", "first events of sessions", "last events of sessions", "flows", "sessions", "attribution", "rhythm",
        "distribution",
    ),
}  # fmt: skip
"""What the data set can answer: Online Retail has orders alone, REES46 one day of events."""


@dataclass(frozen=True)
class Home:
    """A home whose core and report tables were built as of a day."""

    home: Path
    days: Days


@pytest.fixture(scope="module")
def simulated(shop) -> Home:
    with open_analytics(shop.home) as analytics:
        return Home(shop.home, Days(analytics.bounds()[1]))


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Callable[[str, Path], Home]:
    """Take a real source in and build core and the reports of its behaviour, without models, once per source."""
    done: dict[str, Home] = {}
    needs_models = {"feature", "label", "segment"}

    def build(source: str, folder: Path) -> Home:
        if source not in done:
            mappings, home = load_mapping_set(source), tmp_path_factory.mktemp(source)
            received_at = datetime.fromisoformat("2026-01-01")
            zone, currency = mappings.time_zone, mappings.currency
            assert zone
            assert currency
            ingest(home, folder, mappings, received_at=received_at, time_zone=zone, base_currency=currency)
            with open_warehouse(home) as warehouse:
                warehouse.remember("time_zone", zone)
                for query in (query for query in load_queries().values() if query.layer == "core"):
                    warehouse.build(query, {"received_at": received_at})
                days = Days(Shop(warehouse).bounds()[1])
                parameters = {"as_of": days.as_of, "horizon_days": 28, "received_at": received_at}
                for query in (query for query in load_queries().values() if query.layer == "report"):
                    if not needs_models & {table.split(".")[0] for table in query.inputs}:
                        warehouse.build(query, parameters)
            done[source] = Home(home, days)
        return done[source]

    return build


def told(home: Path, words: list[str], folder: Path) -> pd.DataFrame:
    """The rows that the command writes as CSV."""
    parser = argparse.ArgumentParser()
    explore.add_commands(parser.add_subparsers(dest="command"), argparse.ArgumentParser(add_help=False))
    options = parser.parse_args([*words, "--csv", str(folder / "asked.csv")])
    options.home = home
    assert explore.answer(options) == 0
    return pd.read_csv(folder / "asked.csv")


def written(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame as a CSV keeps it."""
    return pd.read_csv(io.StringIO(frame.to_csv(index=False)))


def rows_of(frame: pd.DataFrame, columns: tuple[str, ...]) -> list[tuple]:
    """The rows of these columns in order; numbers to six decimals, a missing value as text."""
    chosen = frame[list(columns)].copy()
    for name in columns:
        if chosen[name].dtype.kind in "iuf":
            chosen[name] = chosen[name].astype(float).round(6)
    return sorted(chosen.astype(object).where(chosen.notna(), "").itertuples(index=False, name=None), key=str)


def compare(question: Question, home: Home, folder: Path) -> int:
    """Ask in all three ways; return how many rows of a table were compared."""
    days = home.days
    words = question.words.format(as_of=days.as_of, back=days.back, eight_weeks=days.eight_weeks).split()
    by_command = told(home.home, words, folder)
    with open_analytics(home.home) as analytics:
        in_python = written(question.ask(analytics, days).frame)
        pd.testing.assert_frame_equal(by_command, in_python)
        if question.statement is None:
            return len(in_python)
        values = {"as_of": days.as_of} if "$as_of" in question.statement else {}
        stored = written(analytics.warehouse.frame(question.statement, values))
    asked = question.part(in_python, stored)
    assert rows_of(asked, question.columns) == rows_of(stored, question.columns)
    return len(stored)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in QUESTIONS if name not in NOT_IN_SMALL_SHOPS])
def test_commands_tables_and_python_agree(name, simulated, tmp_path):
    assert compare(QUESTIONS[name], simulated, tmp_path) > 0


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize("source, name", [(source, name) for source, names in ON_REAL_DATA.items() for name in names])
def test_commands_tables_and_python_agree_on_real_data(source, name, built, real_data, tmp_path):
    folder = real_data({"rees46": "rees46_sample"}.get(source, source))
    assert compare(QUESTIONS[name], built(source, folder), tmp_path) > 0


@pytest.mark.slow
@pytest.mark.parametrize("funnel", DEFAULT_FUNNELS, ids=lambda funnel: funnel.name)
def test_a_declared_funnel_asked_for_its_entries_is_its_table(funnel, simulated, tmp_path):
    first, until = entry_range(funnel, simulated.days.as_of)
    question = Question(
        f"funnel {funnel.name} --from {first} --until {until}",
        lambda shop, _: shop.funnel(funnel, from_date=first, until_date=until),
        f"select * from report.funnel where dimension = 'all' and funnel = '{funnel.name}' and as_of = $as_of",
        ("step_number", "step_name", "users_count", "first_share", "convert_median_s"),
    )
    assert compare(question, simulated, tmp_path) > 1
    dropped = Question(
        f"funnel {funnel.name} --dropped 1 --from {first} --until {until}",
        lambda shop, _: shop.dropped_users(funnel, 1, from_date=first, until_date=until),
        "select sum(case step_number when 1 then users_count when 2 then -users_count end) as users_count from report.funnel "
        f"where dimension = 'all' and funnel = '{funnel.name}' and as_of = $as_of",
        ("users_count",),
        part=lambda frame, _: pd.DataFrame({"users_count": [len(frame)]}),
    )
    assert compare(dropped, simulated, tmp_path) == 1


@pytest.mark.slow
def test_another_number_in_the_table_is_found(simulated, tmp_path):
    """The comparison can fail: each report is asked for, one number of what is compared is moved, the test sees it."""
    question = QUESTIONS["attribution"]
    moved = question.statement.replace("*", "* replace (orders_credit + 0.001 as orders_credit)", 1)
    with pytest.raises(AssertionError):
        compare(Question(question.words, question.ask, moved, question.columns, question.part), simulated, tmp_path)


def _documented() -> str:
    return (ROOT / "docs" / "analytics.md").read_text(encoding="utf-8")


def test_every_command_and_every_method_is_a_question_here_and_in_the_docs():
    asked = {question.words.split()[0] for question in QUESTIONS.values()} | {"funnel"}
    assert asked == set(explore.QUESTIONS)
    documented = _documented()
    assert [name for name in explore.QUESTIONS if f"`trellis {name}" not in documented] == []
    reports = [name for name, method in getmembers(Shop, isfunction) if get_type_hints(method)["return"] is Report]
    assert len(reports) > 20
    assert [name for name in reports if f"`{name}()`" not in documented] == []


def test_every_report_table_is_read_by_a_question_or_the_docs_say_why_not():
    statements = " ".join(question.statement or "" for question in QUESTIONS.values())
    compared = {*re.findall(r"report\.[a-z0-9_]+", statements), "report.funnel"}
    tables = {table for table in load_queries() if table.startswith("report.")}
    apart = _documented().split("## Tables that are no analyst's question")[1].split("\n## ")[0]
    assert tables - compared == set(re.findall(r"`(report\.[a-z_]+)`", apart))


def test_a_question_in_a_home_without_its_table_says_so(tmp_path):
    with open_warehouse(tmp_path):
        pass
    with (
        open_analytics(tmp_path) as analytics,
        pytest.raises(AnalysisError, match=r"holds no events|is not in this home yet"),
    ):
        analytics.customers()
