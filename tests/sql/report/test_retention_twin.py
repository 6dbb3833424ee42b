"""Retention against a slow twin that goes through every user, cohort and period."""

from collections import defaultdict
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sql.queries import load_queries

START = date(2023, 12, 20)
ALL_DATES = {"from_date": date(2023, 1, 1), "until_date": date(2028, 1, 1)}
CHAIN = (
    "core.calendar",
    "core.period",
    "core.user_presence",
    "core.period_pair",
    "report.retention",
    "report.retention_recurring",
)
LONGEST = {"day": 30, "week": 26, "month": 24}
REGIONS = {1: "north", 2: "north", 3: None, 4: "south"}

ACTIVE_DAYS = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 45).map(lambda days: START + timedelta(days))), unique=True, max_size=25
)


FAR_DAYS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 1000).map(lambda days: START + timedelta(days))),
    unique=True,
    max_size=12,
)
"""Beyond every follow-up, and over the edges of the 32 weeks and months that share a row of bits."""


def build_chain(warehouse, rows):
    """Rows of the two retention tables, built on these active days."""
    connection = warehouse.connection
    connection.execute("begin transaction")
    try:
        for user, region in REGIONS.items():
            connection.execute(
                "insert into core.users (user_id, user_key, region) values (?, ?, ?)", [f"u{user}", user, region]
            )
            connection.execute("insert into bronze.stale_users values ('core.user_presence', ?)", [user])
        for user, day in rows:
            connection.execute(
                "insert into core.user_active_day (user_key, activity_basis, activity_date) values (?, 'order', ?)",
                [user, day],
            )
        for table in ("core.user_group", *CHAIN):
            query = load_queries()[table]
            dates = ALL_DATES if query.kind == "incremental" else {}
            connection.execute(f"insert into {table} by name {warehouse.typed_select(query, dates)}", dates)
        return [warehouse.frame(f"select * from {table}").to_dict("records") for table in CHAIN[-2:]]
    finally:
        connection.execute("rollback")


def period_of(kind, day):
    return {"day": day, "week": day - timedelta(day.weekday()), "month": day.replace(day=1)}[kind]


def following(kind, period, n):
    """The n-th period after this one."""
    if kind == "month":
        months = period.year * 12 + period.month - 1 + n
        return date(months // 12, months % 12 + 1, 1)
    return period + timedelta(n * {"day": 1, "week": 7}[kind])


def twin(rows):  # noqa: C901  the twin is slow and plain on purpose
    """Key -> counts of both tables."""
    first_time, recurring = {}, {}
    last_day = max((day for _, day in rows), default=START)
    for kind, longest in LONGEST.items():
        seen = defaultdict(set)
        for user, day in rows:
            seen[user].add(period_of(kind, day))
        for dimension in ("all",) if kind == "day" else ("all", "channel", "region", "persona"):
            cohorts = defaultdict(set)
            for user, periods in seen.items():
                group = {"all": "all", "region": REGIONS[user] or "unknown"}.get(dimension, "unknown")
                cohorts[group, min(periods)].add(user)
            for (group, start), users in cohorts.items():
                for n in range(longest + 1):
                    period = following(kind, start, n)
                    if period > last_day:
                        break
                    on = sum(period in seen[user] for user in users)
                    later = sum(max(seen[user]) >= period for user in users)
                    streak = sum(all(following(kind, start, i) in seen[user] for i in range(n + 1)) for user in users)
                    is_over = following(kind, period, 1) <= last_day + timedelta(1)
                    first_time[kind, dimension, group, start, n] = (len(users), on, later, streak, is_over)
        if kind != "day":
            for start in sorted(set().union(*seen.values())):
                users = {user for user, periods in seen.items() if start in periods}
                for n in range(longest + 1):
                    if (period := following(kind, start, n)) <= last_day:
                        recurring[kind, start, n] = (len(users), sum(period in seen[user] for user in users))
    return first_time, recurring


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ACTIVE_DAYS | FAR_DAYS)
def test_retention_equals_the_slow_twin(bound_warehouse, rows):
    first_time, recurring = build_chain(bound_warehouse, rows)
    wanted_first, wanted_recurring = twin(rows)
    assert wanted_first == {
        (row["period_type"], row["dimension"], row["dimension_value"], row["cohort_date"].date(), row["period_offset"]): (
            row["cohort_users_count"], row["on_users_count"], row["on_or_after_users_count"], row["streak_users_count"],
            row["is_complete"],
        )
        for row in first_time
    }  # fmt: skip
    assert wanted_recurring == {
        (row["period_type"], row["cohort_date"].date(), row["period_offset"]): (
            row["cohort_users_count"],
            row["on_users_count"],
        )
        for row in recurring
    }
