"""Counts retention, funnels and arrivals straight from the files of a simulated shop: slowly, row by row, without the engine.

Belongs here: what a second pair of eyes counts. Does not belong here: holding a home against it (truth_counts.py). Nothing of
the product is used, so that a fault cannot stand on both sides.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

SHOP_CLOCK = timedelta(hours=8)
"""Asia/Shanghai has been UTC+8 without summer time since 1991."""
DirtyRows = set[tuple[str, int]]
"""Name of a file and number of a record in it, from 1."""


@dataclass(frozen=True)
class Activity:
    """What signed-in users did: per user (moment, type) of each event in the order of time, and days of orders placed."""

    events: dict[str, list[tuple[datetime, str]]]
    order_days: dict[str, set[date]]


def business_date(moment: datetime) -> date:
    """Return the day on the shop's calendar."""
    return (moment + SHOP_CLOCK).date()


def read_activity(world: Path, dirty: DirtyRows) -> Activity:
    """Read events and orders of a world, without the dirty rows. Returns, guests and visitors are left out."""
    events: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for row in _good_rows(world, "events", ("user_id", "occurred_at", "event_type"), dirty):
        if row["user_id"]:
            events[str(row["user_id"])].append((_moment(row["occurred_at"]), str(row["event_type"])))
    order_days: dict[str, set[date]] = defaultdict(set)
    for row in _good_rows(world, "orders", ("user_id", "ordered_at", "kind"), dirty):
        if row["user_id"] and row["kind"] == "sale":
            order_days[str(row["user_id"])].add(business_date(_moment(row["ordered_at"])))
    return Activity({user: sorted(own) for user, own in events.items()}, order_days)


def read_arrivals(world: Path, dirty: DirtyRows) -> dict[str, str]:
    """Return user_id -> channel of arrival; a user who stands in several rows arrived by the same channel in all."""
    rows = _good_rows(world, "users", ("user_id", "acquisition_channel"), dirty)
    return {str(row["user_id"]): str(row["acquisition_channel"]) for row in rows if row["acquisition_channel"]}


def daily_retention(activity: Activity, *, days: int) -> Counter[tuple[date, int]]:
    """Return (first active day, days since) -> users active then, up to so many days; a push that was opened is no activity."""
    counted: Counter[tuple[date, int]] = Counter()
    for user in {*activity.events, *activity.order_days}:
        own = {business_date(moment) for moment, kind in activity.events.get(user, []) if kind != "push_open"}
        own |= activity.order_days.get(user, set())
        for day in own:
            if (day - min(own)).days <= days:
                counted[min(own), (day - min(own)).days] += 1
    return counted


def funnel_users(
    activity: Activity, steps: Sequence[str], *, window: timedelta, entries: tuple[date, date], known_until: date
) -> list[int]:
    """Return how many users reach each step: an entry of the days [first, until), the others in order within the window."""
    reached = Counter[int]()
    for events in activity.events.values():
        known = [(moment, kind) for moment, kind in events if business_date(moment) < known_until and kind in steps]
        own = sorted(known, key=lambda event: (event[0], steps.index(event[1])))
        furthest = 0
        for place, (entered, kind) in enumerate(own):
            if kind == steps[0] and entries[0] <= business_date(entered) < entries[1]:
                level = 1
                for moment, later in own[place + 1 :]:
                    if moment - entered > window or level == len(steps):
                        break
                    level += later == steps[level]
                furthest = max(furthest, level)
        for step in range(1, furthest + 1):
            reached[step] += 1
    return [reached[step] for step in range(1, len(steps) + 1)]


def _moment(told: object) -> datetime:
    """Return a moment in UTC: Parquet holds it so, CSV says its zone."""
    moment = told if isinstance(told, datetime) else datetime.fromisoformat(str(told))
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _good_rows(world: Path, source: str, columns: Sequence[str], dirty: DirtyRows) -> Iterator[dict[str, object]]:
    for path in sorted(world.glob(f"{source}.*")) + sorted(world.glob(f"{source}-[0-9]*.*")):
        for number, row in enumerate(_rows(path, columns), start=1):
            if (path.name, number) not in dirty:
                yield row


def _rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, object]]:
    if path.suffix == ".parquet":
        for batch in pq.ParquetFile(path).iter_batches(columns=list(columns)):
            yield from batch.to_pylist()
    else:
        with path.open(encoding="utf-8", errors="replace", newline="") as lines:
            for row in csv.DictReader(lines):
                yield {name: row[name] for name in columns}
