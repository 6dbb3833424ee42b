"""A question has one answer: the CSV of the command line, the frame of Python and the stored table hold the same numbers."""

import argparse
from datetime import date

import pandas as pd
import pytest

from assets.analytics import open_analytics
from assets.analytics.declared_funnels import entry_range
from contracts.funnels import DEFAULT_FUNNELS
from pipelines import explore

pytestmark = pytest.mark.slow
WEEK = "activity_basis = 'activity' and period_type = 'week'"
GRID = ["cohort_date", "period_offset", "cohort_users_count", "on_users_count", "is_complete"]
PLAIN = {
    "lifecycle": (
        [],
        f"select * from report.lifecycle where {WEEK}",
        ["period_date", "active_users_count", "new_users_count", "dormant_users_count", "is_complete"],
        lambda shop: shop.lifecycle(),
    ),
    "retention": (
        [],
        f"select * from report.retention where dimension = 'all' and {WEEK}",
        GRID,
        lambda s: s.retention(),
    ),
    "retention by channel": (
        ["--by", "channel"],
        f"select * from report.retention where dimension = 'channel' and {WEEK}",
        ["dimension_value", *GRID],
        lambda shop: shop.retention(by="channel"),
    ),
    "retention recurring": (
        ["--recurring"],
        f"select * from report.retention_recurring where {WEEK}",
        GRID,
        lambda shop: shop.retention(recurring=True),
    ),
    "sessions": (
        [],
        "select * from report.session_day",
        ["activity_date", "sessions_count", "bounces_count", "duration_median_s"],
        lambda shop: shop.sessions(),
    ),
    "active": (
        [],
        "select * from report.active_users_day",
        [
            "activity_basis",
            "activity_date",
            "active_users_count",
            "active_users_7d",
            "active_users_30d",
            "new_users_count",
        ],
        lambda shop: shop.active_users(),
    ),
    "value": (
        [],
        "select * from report.cohort_value where dimension = 'all'",
        ["cohort_date", "days_since_first", "cohort_users_count", "net_amount", "is_complete"],
        lambda shop: shop.cohort_value(),
    ),
}
"""Command -> its words, the table's rows, the columns both have, the question in Python."""


def told(home, command: str, words: list[str], folder) -> pd.DataFrame:
    """The rows that the command writes as CSV."""
    parser = argparse.ArgumentParser()
    explore.add_commands(parser.add_subparsers(dest="command"), argparse.ArgumentParser(add_help=False))
    options = parser.parse_args([command, *words, "--csv", str(folder / "asked.csv")])
    options.home = home
    assert explore.answer(options) == 0
    return pd.read_csv(folder / "asked.csv")


def plain(frame: pd.DataFrame, columns: list[str]) -> list[tuple]:
    """Rows of these columns in order, as texts and rounded numbers that a CSV keeps."""
    texts = frame[columns].copy()
    for name in columns:
        if name.endswith("_date"):
            texts[name] = pd.to_datetime(texts[name]).dt.strftime("%Y-%m-%d")
        elif name not in {"activity_basis", "dimension_value", "is_complete", "funnel", "step_name"}:
            texts[name] = texts[name].astype(float).round(6)
    return sorted(texts.itertuples(index=False, name=None), key=str)


@pytest.mark.parametrize("question", list(PLAIN))
def test_commands_tables_and_python_agree(question, shop, tmp_path):
    words, statement, columns, ask = PLAIN[question]
    written = plain(told(shop.home, question.split()[0], words, tmp_path), columns)
    with open_analytics(shop.home) as analytics:
        asked = plain(ask(analytics).frame, columns)
        stored = plain(analytics.warehouse.frame(statement), columns)
    assert len(stored) > 3
    assert written == asked == stored


@pytest.mark.parametrize("funnel", DEFAULT_FUNNELS, ids=lambda funnel: funnel.name)
def test_a_declared_funnel_asked_for_its_entries_is_its_table(funnel, shop, tmp_path):
    columns = ["step_number", "step_name", "users_count", "first_share", "convert_median_s"]
    with open_analytics(shop.home) as analytics:
        as_of = analytics.warehouse.value("select max(as_of) from report.funnel")
        assert isinstance(as_of, date)
        first, until = entry_range(funnel, as_of)
        asked = plain(analytics.funnel(funnel, from_date=first, until_date=until).frame, columns)
        stored = analytics.warehouse.frame(
            "select * from report.funnel where dimension = 'all' and funnel = $funnel and as_of = $as_of",
            {"funnel": funnel.name, "as_of": as_of},
        )
    words = [funnel.name, "--from", str(first), "--until", str(until)]
    assert plain(told(shop.home, "funnel", words, tmp_path), columns) == asked == plain(stored, columns)
