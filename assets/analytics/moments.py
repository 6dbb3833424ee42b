"""Fetches events as sorted numbers and keeps them while a shop is open: the next question about sequences reads nothing.

Sorting them belongs to `models/moments.py`, what is counted from them to `models/`.
"""

import math
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from models.moments import Moments, sorted_moments

if TYPE_CHECKING:
    from assets.analytics.shop import Shop

EVENTS_AT_MOST = 12_000_000
"""So many events at a time are sorted, and kept if they are all: 14 bytes each, 170 MB."""


class EventMoments:
    """The events of an open shop, read when they are first asked for; a larger range replaces a smaller one."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._asked: tuple[date, date] | None = None
        self._parts: list[Moments] = []

    def hold(self, shop: "Shop", first: date, until: date) -> list[Moments] | None:
        """Return the events of business days [first, until), with others; None where there are more than `EVENTS_AT_MOST`."""
        if self._asked is None or first < self._asked[0] or until > self._asked[1]:
            oldest, end = _days_held(shop)
            if _count(shop, first, until) > EVENTS_AT_MOST:
                return None
            self._asked, self._parts = None, []  # two ranges at a time would take twice the memory
            self._parts = list(_read(shop, first, until, parts=1))
            # there is nothing outside of the days that hold data
            self._asked = (date.min if first <= oldest else first, date.max if until >= end else until)
        return self._parts


def moments(shop: "Shop", first: date, until: date) -> Iterator[Moments]:
    """Yield the events of business days [first, until), with others, in lists of different users: what is held, else parts."""
    if (held := shop.events.hold(shop, first, until)) is not None:
        yield from held
    else:
        yield from _read(shop, first, until, parts=math.ceil(_count(shop, first, until) / EVENTS_AT_MOST))


def _days_held(shop: "Shop") -> tuple[date, date]:
    """Return the first day with an event and the day after the last; without events two days that nothing lies between."""
    days = "select min(activity_date), max(activity_date) + 1 from core.events"
    oldest, end = shop.warehouse.connection.execute(days).fetchall()[0]
    return (date.max, date.min) if oldest is None else (oldest, end)


def _count(shop: "Shop", first: date, until: date) -> int:
    span = "select count(*) from core.events where activity_date >= $first and activity_date < $until"
    return int(str(shop.warehouse.value(span, {"first": first, "until": until})))


def _read(shop: "Shop", first: date, until: date, *, parts: int) -> Iterator[Moments]:
    kinds_sql = "select distinct event_type from core.events where activity_date >= $first and activity_date < $until"
    rows = shop.warehouse.connection.execute(kinds_sql, {"first": first, "until": until}).fetchall()
    kinds = sorted(kind for (kind,) in rows)
    for part in range(parts):
        asked = {"kinds": kinds, "from_date": first, "until_date": until, "parts": parts, "part": part}
        found = shop.arrays("event_moments", asked)
        yield from sorted_moments(
            found["user_key"], found["at_us"], kind=found["kind_number"], day=found["day_number"], kinds=kinds
        )
