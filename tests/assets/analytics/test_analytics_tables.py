"""Reports that stand in tables: the same numbers as the tables, and identities between them."""

import pytest

from assets.analytics import AnalysisError

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


def test_wrong_words_are_refused(make_shop):
    shop = make_shop(EVENTS, reports=REPORTS)
    with pytest.raises(AnalysisError, match="period is 'day'; choose week, month"):
        shop.retention(period="day", by="region")
    with pytest.raises(AnalysisError, match="basis is 'likes'"):
        shop.lifecycle(basis="likes")
