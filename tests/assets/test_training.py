"""Who an outcome is about: the three populations of one snapshot."""

import pandas as pd

from assets.training import population

PEOPLE = pd.DataFrame(
    {
        "user_id": ["buys", "lapsed", "browses", "gone"],
        "has_ordered": [True, True, False, False],
        "last_active_days": pd.array([56, 57, 3, 400], dtype="Int64"),
    }
)


def test_who_ordered_either_can_leave_or_can_come_back():
    buyers, leavers, lapsed = (
        population(PEOPLE, outcome, 56)["user_id"].tolist() for outcome in ("purchase", "churn", "reactivation")
    )
    assert buyers == ["buys", "lapsed"]
    assert leavers == ["buys", "browses"]
    assert lapsed == ["lapsed"]


def test_unknown_activity_is_lapsed_for_who_has_ordered_and_nobody_for_who_has_not():
    unknown = PEOPLE.assign(last_active_days=pd.array([None] * 4, dtype="Int64"))
    assert population(unknown, "churn", 56).empty
    assert population(unknown, "reactivation", 56)["user_id"].tolist() == ["buys", "lapsed"]
