"""Active users, engagement states, lifecycle and histogram against slow twins that go through every user and day."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sql.queries import load_queries

START = date(2024, 2, 20)
ALL_DATES = {"from_date": date(2024, 1, 1), "until_date": date(2025, 1, 1)}
CHAIN = (
    "core.calendar",
    "core.activity_arrival",
    "core.activity_gap",
    "core.active_days_count",
    "report.engagement_limits",
    "report.active_users_day",
    "report.engagement_day",
    "report.lifecycle",
    "report.active_days_histogram",
)

ACTIVE_DAYS = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.sampled_from(["activity", "order"]),
        st.one_of(st.integers(0, 12), st.sampled_from([7, 8, 29, 30, 31, 38, 60, 61, 75])).map(
            lambda days: START + timedelta(days)
        ),
    ),
    unique=True,
    max_size=25,
)


def build_chain(warehouse, rows):
    """Rows of each table of the chain, built on these active days, as dicts."""
    connection = warehouse.connection
    connection.execute("begin transaction")
    try:
        for row in rows:
            connection.execute(
                "insert into core.user_active_day (user_key, activity_basis, activity_date) values (?, ?, ?)", row
            )
        built = {}
        for table in CHAIN:
            query = load_queries()[table]
            dates = ALL_DATES if query.kind == "incremental" else {}
            connection.execute(f"insert into {table} by name {warehouse.typed_select(query, dates)}", dates)
            cursor = connection.execute(f"select * from {table}")
            names = [column[0] for column in cursor.description]
            built[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            for rule in query.asserts:
                assert warehouse.value(f"select count(*) from {table} where not ({rule})") == 0, (table, rule)
    finally:
        connection.execute("rollback")
    return built


def period_start(kind, day):
    return {"day": day, "week": day - timedelta(day.weekday()), "month": day.replace(day=1)}[kind]


def state_of(active, day):
    """The engagement state of one user on a day, or None before the first activity."""
    earlier = [other for other in active if other < day]
    if day in active:
        if not earlier:
            return "new"
        gap = (day - max(earlier)).days
        return "current" if gap <= 7 else "reactivated" if gap <= 30 else "resurrected"
    if not earlier:
        return None
    gap = (day - max(earlier)).days
    return "at_risk_wau" if gap <= 7 else "at_risk_mau" if gap <= 30 else "dormant"


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ACTIVE_DAYS)
def test_days_and_states_equal_the_slow_twin(bound_warehouse, rows):
    built = build_chain(bound_warehouse, rows)
    days = {day for _, _, day in rows}
    calendar = [min(days) + timedelta(n) for n in range((max(days) - min(days)).days + 1)] if days else []
    wanted_days, wanted_states = {}, {}
    for basis in {basis for _, basis, _ in rows}:
        active = {user: {day for who, kind, day in rows if (who, kind) == (user, basis)} for user in range(1, 5)}
        for day in calendar:
            trailing = [
                sum(any(0 <= (day - one).days < n for one in own) for own in active.values()) for n in (1, 7, 30)
            ]
            wanted_days[basis, day] = (*trailing, sum(day == min(own, default=None) for own in active.values()))
            found = Counter(state_of(own, day) for own in active.values())
            for state in ("new", "current", "reactivated", "resurrected", "at_risk_wau", "at_risk_mau", "dormant"):
                wanted_states[basis, day, state] = found[state]
    names = ("active_users_count", "active_users_7d", "active_users_30d", "new_users_count")
    assert wanted_days == {
        (row["activity_basis"], row["activity_date"]): tuple(row[name] for name in names)
        for row in built["report.active_users_day"]
    }
    assert wanted_states == {
        (row["activity_basis"], row["activity_date"], row["engagement_state"]): row["users_count"]
        for row in built["report.engagement_day"]
    }


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ACTIVE_DAYS)
def test_lifecycle_and_histogram_equal_the_slow_twin(bound_warehouse, rows):
    built = build_chain(bound_warehouse, rows)
    days = {day for _, _, day in rows}
    calendar = [min(days) + timedelta(n) for n in range((max(days) - min(days)).days + 1)] if days else []
    wanted, histogram = {}, Counter()
    for basis in {basis for _, basis, _ in rows}:
        for kind in ("day", "week", "month"):
            before, ever = set(), set()
            for period in sorted({period_start(kind, day) for day in calendar}):
                own = Counter(who for who, what, day in rows if what == basis and period_start(kind, day) == period)
                now = set(own)
                wanted[basis, kind, period] = (
                    len(now), len(now - ever), len(now & before), len(now & ever - before), len(before - now), len(before),
                )  # fmt: skip
                before, ever = now, ever | now
                if kind != "day":
                    histogram.update((basis, kind, period, count) for count in own.values())
    names = ("active_users_count", "new_users_count", "returning_users_count", "resurrecting_users_count", "dormant_users_count",
             "previous_active_users_count")  # fmt: skip
    assert wanted == {
        (row["activity_basis"], row["period_type"], row["period_date"]): tuple(row[name] for name in names)
        for row in built["report.lifecycle"]
    }
    assert dict(histogram) == {
        (row["activity_basis"], row["period_type"], row["period_date"], row["active_days"]): row["users_count"]
        for row in built["report.active_days_histogram"]
    }


@pytest.mark.parametrize(
    "gap, state", [(1, "current"), (7, "current"), (8, "reactivated"), (30, "reactivated"), (31, "resurrected")]
)
def test_limits_of_the_states_belong_to_the_nearer_state(bound_warehouse, gap, state):
    day = START + timedelta(gap)
    built = build_chain(bound_warehouse, [(1, "activity", START), (1, "activity", day)])
    assert [
        row["engagement_state"]
        for row in built["report.engagement_day"]
        if row["activity_date"] == day and row["users_count"]
    ] == [state]
