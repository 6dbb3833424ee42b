"""Reports that stand in tables: the same numbers as the tables, and identities between them."""

import pytest

from assets.analytics import AnalysisError
from assets.analytics.report import counted
from assets.analytics.tables import definition
from sql.analyses import load_analysis
from sql.queries import load_queries

DAY = 24 * 60
REPORTS = ("engagement_limits", "active_users_day", "engagement_day", "lifecycle", "retention", "retention_recurring")
EVENTS = [
    (1, 0, "view", 1),
    (1, 8 * DAY, "view", 1),
    (2, DAY, "view", 1),
    (2, 22 * DAY, "push_open", None),
    (3, 15 * DAY, "cart", 1),
]


def test_active_equals_new_returning_resurrecting(make_shop):
    frame = make_shop(EVENTS, reports=REPORTS).lifecycle(period="day").frame
    parts = frame[["new_users_count", "returning_users_count", "resurrecting_users_count"]].sum(axis=1)
    assert (frame["active_users_count"] == parts).all()
    assert frame["new_users_count"].sum() == 3


def test_days_hold_the_states_and_the_states_sum_to_everybody_seen(make_shop):
    frame = make_shop(EVENTS, reports=REPORTS).active_users().frame
    states = ["new", "current", "reactivated", "resurrected", "at_risk_wau", "at_risk_mau", "dormant"]
    assert (frame[states].sum(axis=1) == frame["new_users_count"].cumsum()).all()


def test_bracket_of_one_period_is_retention_on_it(make_shop):
    shop = make_shop(EVENTS, reports=REPORTS)
    on = shop.retention().frame.query("period_offset == 1").set_index("cohort_date")["on_users_count"]
    bracket = shop.retention_bracket(1, 1).frame.set_index("cohort_date")["on_users_count"]
    assert bracket.loc[on.index].astype(int).to_dict() == on.to_dict()
    wide = shop.retention_bracket(1, 2).frame
    assert wide["on_users_count"].tolist() == [1, 0]
    assert wide["is_complete"].tolist() == [False, False]


def test_cohort_sizes_are_the_new_users(make_shop):
    shop = make_shop(EVENTS, regions={1: "north"}, reports=REPORTS)
    new = shop.lifecycle(period="week").frame.query("new_users_count > 0").set_index("period_date")["new_users_count"]
    for by in ("all", "region", "channel", "persona"):
        first = shop.retention(by=by).frame.query("period_offset == 0")
        assert first.groupby("cohort_date")["cohort_users_count"].sum().to_dict() == new.to_dict()


@pytest.mark.slow
def test_recurring_cohorts_hold_everybody_active(make_shop):
    shop = make_shop(EVENTS, reports=REPORTS)
    active = (
        shop.lifecycle(period="week")
        .frame.query("active_users_count > 0")
        .set_index("period_date")["active_users_count"]
    )
    first = (
        shop.retention(recurring=True).frame.query("period_offset == 0").set_index("cohort_date")["cohort_users_count"]
    )
    assert first.to_dict() == active.to_dict()


GRID = ["cohort_date", "period_offset", "cohort_users_count", "on_users_count", "on_or_after_users_count",
        "streak_users_count", "is_complete"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_the_grid_counts_what_the_tables_hold(make_shop, period):
    shop = make_shop(EVENTS, regions={1: "north"}, reports=REPORTS)
    asked = {"basis": "activity", "period": period, "dimension": "all", "periods_at_most": 24}
    first = shop.ask("retention_grid", {**asked, "is_recurring": False})[GRID].astype(object)
    table = shop.retention(period=period).frame.query("period_offset <= 24")[GRID].astype(object)
    assert first.to_numpy().tolist() == table.to_numpy().tolist()
    if period != "day":
        recurring = shop.ask("retention_grid", {**asked, "is_recurring": True})
        names = ["cohort_date", "period_offset", "cohort_users_count", "on_users_count"]
        found = shop.retention(period=period, recurring=True).frame.query("period_offset <= 24")
        assert recurring[names].astype(object).to_numpy().tolist() == found[names].astype(object).to_numpy().tolist()


@pytest.mark.slow
def test_groups_of_days_and_of_recurring_cohorts_sum_to_the_whole(make_shop):
    shop = make_shop(EVENTS, regions={1: "north", 2: "south"}, reports=REPORTS)
    for question in ({"period": "day"}, {"recurring": True}, {"recurring": True, "period": "day"}):
        whole, parts = shop.retention(**question).frame, shop.retention(**question, by="region").frame
        keys = ["cohort_date", "period_offset"]
        for name in ("cohort_users_count", "on_users_count"):
            assert parts.groupby(keys)[name].sum().to_dict() == whole.set_index(keys)[name].to_dict()


def test_a_triangle_marks_open_cells_and_hides_no_cohort(make_shop):
    table = make_shop(EVENTS, reports=REPORTS).retention().shown
    assert table.columns.tolist() == ["cohort_date", "cohort_users_count", "0", "1", "2"]
    assert table["0"].tolist() == ["100.0%", "100.0%*"]
    assert table["1"].tolist() == ["50.0%", ""]
    assert table["2"].tolist() == ["0.0%*", ""]


def test_wrong_words_are_refused(make_shop):
    shop = make_shop(EVENTS, reports=REPORTS)
    with pytest.raises(AnalysisError, match="by is 'shoe'; choose all, channel"):
        shop.retention(by="shoe")
    with pytest.raises(AnalysisError, match="bracket 3 to 1 is none"):
        shop.retention_bracket(3, 1)
    with pytest.raises(AnalysisError, match="basis is 'likes'"):
        shop.lifecycle(basis="likes")


def test_definitions_begin_with_what_is_counted():
    for query in load_queries().values():
        if query.layer == "report":
            text = definition(query.table)
            assert not text.startswith("One row per"), query.table
            assert text[:1].isupper(), query.table
            assert query.description.lower().endswith(text.lower())
    for name in ("step_flows", "intervals", "profile", "rhythm", "daily_series", "baskets"):
        assert not counted(load_analysis(name).description).startswith("One row per"), name
    assert counted("One row per pair. Basis: both.") == "One row per pair. Basis: both."
    assert counted("Users: all.") == "Users: all."
