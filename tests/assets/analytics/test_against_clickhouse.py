"""Retention and funnels against ClickHouse's `retention`, `sequenceMatch` and `windowFunnel` on the same events."""

import random
from datetime import date, timedelta

import pandas as pd
import pytest

from contracts.funnels import Funnel

chdb = pytest.importorskip("chdb", reason="chdb is not installed; it is in the extra `compare`")
pytestmark = pytest.mark.slow
DAY = 24 * 60
FIRST = date(2024, 3, 4)


def clickhouse(events, query):
    """Rows of a query over `events` (user, minutes, kind) in ClickHouse, as a frame."""
    frame = pd.DataFrame([row[:3] for row in events], columns=["user", "minutes", "kind"])  # noqa: F841  read by name
    return pd.DataFrame(chdb.query(query.replace("$events", "Python(frame)"), "DataFrame"))


def made(seed, *, users=40, events=500, days=12):
    """Random events at different minutes, so that no order of equal times is needed."""
    rng = random.Random(seed)
    minutes = rng.sample(range(days * DAY), events)
    return [(rng.randint(10, 9 + users), minute, rng.choice(["view", "cart", "purchase"]), 1) for minute in minutes]


@pytest.mark.parametrize("start", [0, 3, 9])
def test_recurring_cohorts_of_a_day_equal_clickhouse_retention(make_shop, start):
    events = made(1)
    shop = make_shop(events)
    days = range(start, 12)
    conditions = ", ".join(f"intDiv(minutes, {DAY}) = {day}" for day in days)
    wanted = clickhouse(
        events,
        f"select sumForEach(r) as counts from (select retention({conditions}) as r from $events group by user)",
    )["counts"].iloc[0]
    frame = shop.retention(period="day", recurring=True).frame
    own = frame[frame["cohort_date"] == pd.Timestamp(FIRST + timedelta(days=start))].sort_values("period_offset")
    assert own["on_users_count"].tolist() == list(wanted)
    assert set(own["cohort_users_count"]) == {wanted[0]}


@pytest.mark.parametrize("seed", [2, 3])
def test_ordered_funnels_equal_sequence_match(make_shop, seed):
    events = made(seed, events=200)
    kinds = ("view", "cart", "purchase")
    conditions = ", ".join(f"kind = '{kind}'" for kind in kinds)
    wanted = [
        clickhouse(
            events,
            "select countIf(hit) as users from (select sequenceMatch('"
            + ".*".join(f"(?{number})" for number in range(1, steps + 1))
            + f"')(toDateTime(minutes * 60), {conditions}) as hit from $events group by user)",
        )["users"].iloc[0]
        for steps in (1, 2, 3)
    ]
    funnel = Funnel.model_validate({"name": "asked", "steps": list(kinds), "window_days": 99})
    assert make_shop(events).funnel(funnel).frame["users_count"].tolist() == wanted


@pytest.mark.parametrize("window_days", [0.5, 2])
def test_funnels_through_the_warehouse_equal_window_funnel(make_shop, window_days):
    events = made(4)
    levels = clickhouse(
        events,
        f"select level, count() as users from (select windowFunnel({round(window_days * 86_400)})(toDateTime(minutes * 60), "
        "kind = 'view', kind = 'cart', kind = 'purchase') as level from $events group by user) group by level",
    ).set_index("level")["users"]
    wanted = [int(levels[levels.index >= step].sum()) for step in (1, 2, 3)]
    funnel = Funnel.model_validate({"name": "asked", "steps": ["view", "cart", "purchase"], "window_days": window_days})
    assert make_shop(events).funnel(funnel).frame["users_count"].tolist() == wanted
