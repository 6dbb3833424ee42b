"""Counts and groups held against the files and the truth: equal where nothing is wrong, red where one thing is."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from pipelines.truth_counts import (
    entry_days,
    recovered_arrivals,
    recovered_funnel,
    recovered_groups,
    recovered_retention,
)
from pipelines.world_counts import Activity, daily_retention, funnel_users, read_activity

FIRST = date(2024, 3, 1)


def at(hours):
    """Hours after midnight of FIRST on the shop's clock, in UTC."""
    return datetime(2024, 2, 29, 16, tzinfo=UTC) + timedelta(hours=hours)


# ann: view and cart on the first day, purchase a week and an hour after the view; bob opens a push, then views; cat orders
ACTIVITY = Activity(
    {
        "ann": [(at(1), "view"), (at(2), "cart"), (at(26), "view"), (at(7 * 24 + 2), "purchase")],
        "bob": [(at(0), "push_open"), (at(25), "view")],
    },
    {"cat": {FIRST, FIRST + timedelta(days=30)}},
)


def failed(results):
    return [result.name for result in results if not result.holds]


def test_retention_of_the_files_by_hand():
    counted = daily_retention(ACTIVITY, days=30)
    later = FIRST + timedelta(days=1)
    assert counted == {(FIRST, 0): 2, (FIRST, 1): 1, (FIRST, 7): 1, (FIRST, 30): 1, (later, 0): 1}


@pytest.mark.parametrize("hours, wanted", [(7 * 24, [2, 1, 0]), (7 * 24 + 1, [2, 1, 1])])
def test_funnel_of_the_files_by_hand(hours, wanted):
    """The cart follows the first view only: the purchase comes too late for it by an hour."""
    until = FIRST + timedelta(days=9)
    found = funnel_users(
        ACTIVITY, ("view", "cart", "purchase"), window=timedelta(hours=hours), entries=(FIRST, until), known_until=until
    )
    assert found == wanted
    none = funnel_users(ACTIVITY, ("view", "cart"), window=timedelta(days=7), entries=(until, until), known_until=until)
    assert none == [0, 0]


def test_entries_have_their_whole_window_before_as_of():
    assert entry_days(date(2024, 3, 31), window_days=7, entry_days=10) == (date(2024, 3, 14), date(2024, 3, 24))


def test_dirty_rows_guests_and_returns_are_not_read(tmp_path):
    (tmp_path / "events.csv").write_text(
        "event_id,user_id,occurred_at,event_type\ne1,ann,2024-03-01T01:00:00+08:00,view\ne2,,2024-03-01T01:00:00+08:00,view\n"
        "e3,ann,never,view\n",
        encoding="utf-8",
    )
    (tmp_path / "orders.csv").write_text(
        "user_id,ordered_at,kind\nann,2024-03-01T23:59:00+08:00,sale\nann,2024-03-05T01:00:00+08:00,return\n",
        encoding="utf-8",
    )
    found = read_activity(tmp_path, {("events.csv", 3)})
    assert found.events == {"ann": [(at(1), "view")]}
    assert found.order_days == {"ann": {FIRST}}
    with pytest.raises(ValueError, match="never"):
        read_activity(tmp_path, set())


def test_a_cell_or_a_step_that_is_off_by_one_is_red():
    counted = Counter({(FIRST, 0): 2, (FIRST, 1): 1})
    cells = pd.DataFrame({"cohort_date": [FIRST] * 3, "period_offset": [0, 1, 2], "on_users_count": [2, 1, 0]})
    assert recovered_retention(cells, counted).holds
    assert recovered_retention(cells.assign(on_users_count=[2, 2, 0]), counted).found == 1
    assert recovered_retention(cells.head(1), counted).found == 1
    steps = pd.DataFrame({"step_number": [1, 2], "users_count": [5, 3]})
    assert failed(recovered_funnel("buy", steps, [5, 3])) == []
    assert failed(recovered_funnel("buy", steps, [5, 2])) == ["counts: funnel buy, step 2"]


def test_an_arrival_by_another_channel_is_red():
    touches = pd.DataFrame({"user_id": ["ann", "ann", "bob"], "channel": ["kol", "app", "invite"]})
    arrived, registrations = {"ann": "kol", "bob": "invite"}, pd.Series({"kol": 1, "invite": 1, "offline": 0})
    assert failed(recovered_arrivals(touches, arrived, registrations)) == []
    moved = touches.assign(channel=["search_ads", "app", "invite"])
    assert failed(recovered_arrivals(moved, arrived, registrations)) == [
        "attribution: users without a touch of the channel they came by",
        "attribution: arrivals by kol",
    ]


def test_groups_along_the_true_rates_hold_and_shuffled_ones_are_red():
    rng = np.random.default_rng(4)
    level = rng.integers(0, 4, 400)
    truth = pd.DataFrame(
        {
            "user_id": [f"u{number}" for number in range(400)],
            "persona": np.array(list("abcd"))[level],
            "visit_rate": np.exp(level + rng.normal(0, 0.2, 400)),
            "order_rate": np.exp(rng.normal(0, 0.2, 400)),
            "dropout_rate": np.exp(rng.normal(0, 0.2, 400)),
        }
    )
    groups = pd.DataFrame({"user_id": truth["user_id"], "group": level})
    assert failed(recovered_groups("clusters", truth, groups, share_at_least=0.9)) == []
    mixed = groups.assign(group=rng.permutation(level))
    assert failed(recovered_groups("clusters", truth, mixed, share_at_least=0.3)) == [
        "clusters: variance of the true order rate between groups"
    ]
    with pytest.raises(ValueError, match="1 of 401 users of clusters"):
        recovered_groups(
            "clusters",
            truth,
            pd.concat([groups, pd.DataFrame({"user_id": ["x"], "group": [1]})]),
            share_at_least=0.3,
        )
