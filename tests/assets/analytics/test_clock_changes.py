"""Reports by time in shops whose clock changes: a day of 23 and one of 25 hours, against slow twins, through real loading."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from assets.analytics import Shop
from assets.ingest import ingest
from assets.warehouse import open_warehouse
from contracts.funnels import Funnel
from sql.mappings import load_mapping_set
from sql.queries import load_queries

pytestmark = pytest.mark.slow
CHANGES = {
    "America/New_York": (datetime(2024, 3, 10, 7, tzinfo=UTC), datetime(2024, 11, 3, 6, tzinfo=UTC)),
    "Europe/London": (datetime(2024, 3, 31, 1, tzinfo=UTC), datetime(2024, 10, 27, 1, tzinfo=UTC)),
}
"""Zone -> the moments of its two changes in 2024."""
REPORTS = ("engagement_limits", "active_users_day", "retention", "session_day", "event_transition_day", "active_hours")
DAY_FUNNEL = Funnel.model_validate({"name": "day", "steps": ["view", "cart"], "window_days": 1})


def events_of(change: datetime, random: Random, first: int) -> list[tuple[str, str, datetime]]:
    """(user, type, moment): visits of a few minutes' steps about the change, and around every local midnight nearby."""
    rows = []
    for visit in range(160):
        spread = 2 if visit % 2 else 36
        at = change + timedelta(hours=random.uniform(-spread, spread))
        for _ in range(random.randint(1, 6)):
            rows.append((f"u{first + random.randrange(12)}", random.choice(["view", "cart", "search"]), at))
            at += timedelta(minutes=random.choice([3, 17, 29, 30, 31, 55]))
    return [(user, kind, at.replace(microsecond=0)) for user, kind, at in rows]


@pytest.fixture(scope="module", params=sorted(CHANGES))
def told(request, tmp_path_factory):
    """A shop of one zone, and (user, type, local time with its offset) of its events in order."""
    zone, random, home = request.param, Random(5), tmp_path_factory.mktemp("clock")
    rows = [row for number, change in enumerate(CHANGES[zone]) for row in events_of(change, random, 4 * number)]
    rows = sorted(set(rows), key=lambda row: (row[2], row[1]))
    (home / "landing").mkdir()
    lines = [f"e{number},{at:%Y-%m-%dT%H:%M:%SZ},{kind},{user}" for number, (user, kind, at) in enumerate(rows)]
    (home / "landing" / "events.csv").write_text("\n".join(["event_id,occurred_at,event_type,user_id", *lines]) + "\n")
    users = "".join(f"{user},2024-01-01T12:00:00Z\n" for user in sorted({row[0] for row in rows}))
    (home / "landing" / "users.csv").write_text("user_id,registered_at\n" + users)
    summary = ingest(
        home, home / "landing", load_mapping_set("canonical"), received_at=datetime(2025, 1, 1), time_zone=zone,  # noqa: DTZ001
        base_currency="USD",
    )  # fmt: skip
    assert summary.stopped == []
    with open_warehouse(home) as warehouse:
        warehouse.remember("time_zone", zone)
        for query in load_queries().values():
            if query.layer == "core" or (query.layer == "report" and query.name in REPORTS):
                warehouse.build(query, {"as_of": date(2024, 12, 1), "horizon_days": 28})
        yield Shop(warehouse), [(user, kind, at.astimezone(ZoneInfo(zone))) for user, kind, at in rows], zone


def counts(shop: Shop, statement: str) -> dict:
    """The rows of a SELECT: the last column by the others."""
    return {tuple(row[:-1]): row[-1] for row in shop.warehouse.connection.execute(statement).fetchall()}


def by_user(rows) -> dict[str, list]:
    found = defaultdict(list)
    for user, kind, at in rows:
        found[user].append((at, kind))
    return found


def sessions_of(rows) -> list[list]:
    """Sessions as lists of (moment, type): a gap of more than 30 real minutes starts a new one."""
    found = []
    for events in by_user(rows).values():
        for event in sorted(events):
            # times of one zone are subtracted by their clock, so real minutes are counted in UTC
            real = event[0].astimezone(UTC)
            if found and found[-1][0] is events and real - found[-1][1][-1][0].astimezone(UTC) <= timedelta(minutes=30):
                found[-1][1].append(event)
            else:
                found.append((events, [event]))
    return [session for _, session in found]


def in_time(rows):
    return [(user, kind, at.astimezone(UTC)) for user, kind, at in rows]


def test_the_rows_are_about_the_change(told):
    _, rows, zone = told
    hours = Counter((at.date(), at.hour) for _, _, at in rows)
    spring, autumn = (change.astimezone(ZoneInfo(zone)) for change in CHANGES[zone])
    skipped = spring.hour - 1
    assert (spring.date(), skipped) not in hours
    assert len({at.utcoffset() for _, _, at in rows if (at.date(), at.hour) == (autumn.date(), autumn.hour)}) == 2


def test_days_active_users_and_series(told):
    shop, rows, _ = told
    users = defaultdict(set)
    for user, _, at in rows:
        users[at.date()].add(user)
    found = counts(
        shop, "select activity_date, active_users_count from report.active_users_day where activity_basis = 'activity'"
    )
    assert {day: count for (day,), count in found.items() if count} == {day: len(names) for day, names in users.items()}
    series = shop.ask(
        "daily_series", {"measure": "active_users", "from_date": min(users), "until_date": max(users) + timedelta(1)}
    )
    days = [moment.date() for moment in series["activity_date"]]
    assert days == [min(users) + timedelta(number) for number in range((max(users) - min(users)).days + 1)]
    assert series["amount"].tolist() == [float(len(users.get(day, ()))) for day in days]


def test_sessions_and_transitions(told):
    shop, rows, zone = told
    sessions, pairs = Counter(), Counter()
    for session in sessions_of(in_time(rows)):
        day = session[0][0].astimezone(ZoneInfo(zone)).date()
        sessions[day] += 1
        names = ["(start)", *(kind for _, kind in session), "(end)"]
        pairs.update((day, *pair) for pair in pairwise(names))
    assert counts(shop, "select activity_date, sessions_count from report.session_day") == {
        (day,): count for day, count in sessions.items()
    }
    assert counts(shop, "from report.event_transition_day") == dict(pairs)


def test_retention_by_day(told):
    shop, rows, _ = told
    days = {user: {at.date() for at, _ in events} for user, events in by_user(rows).items()}
    wanted = Counter()
    for seen in days.values():
        wanted.update((min(seen), (day - min(seen)).days) for day in seen if (day - min(seen)).days <= 30)
    found = counts(
        shop,
        "select cohort_date, period_offset, on_users_count from report.retention where period_type = 'day' "
        "and dimension = 'all' and activity_basis = 'activity' and on_users_count > 0",
    )
    assert found == dict(wanted)


def test_a_funnel_window_is_24_hours_and_not_a_day(told):
    shop, rows, _ = told
    reached = Counter()
    for events in by_user(in_time(rows)).values():
        views = [at for at, kind in events if kind == "view"]
        reached[1] += bool(views)
        # a cart of the same moment follows the view: steps of equal time stand in their order
        reached[2] += any(
            timedelta(0) <= at - view <= timedelta(hours=24) for at, kind in events if kind == "cart" for view in views
        )
    report = shop.funnel(DAY_FUNNEL).frame
    assert dict(zip(report["step_number"], report["users_count"], strict=True)) == dict(reached)


def test_hours_are_those_of_the_clock_as_it_was(told):
    shop, rows, _ = told
    wanted = Counter((at.isoweekday(), at.hour) for _, _, at in rows)
    frame = shop.rhythm().frame
    found = {(row.weekday_number, row.hour_of_day): row.events_count for row in frame.itertuples()}
    assert found == dict(wanted)
    recent = [row for row in rows if date(2024, 12, 1) - timedelta(56) <= row[2].date()]
    people, events = defaultdict(set), Counter()
    for user, _, at in recent:
        people[at.isoweekday(), at.hour].add(user)
        events[at.isoweekday(), at.hour] += 1
    stored = counts(
        shop, "select weekday_number, hour_of_day, events_count from report.active_hours where dimension = 'all'"
    )
    assert stored
    assert stored == {hour: events[hour] for hour, names in people.items() if len(names) >= 10}
