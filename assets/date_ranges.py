"""Arithmetic of business dates: which ranges an incremental table must rebuild, and how much of them at a time."""

from datetime import date
from itertools import pairwise


def days_after(day: date, days: int) -> date:
    """Return the date so many days later."""
    return date.fromordinal(day.toordinal() + days)


def first_of_period(day: date, period: str) -> date:
    """Return the first day of the week (Monday) or month that the date lies in."""
    return day.replace(day=1) if period == "month" else days_after(day, -day.weekday())


def merge_dates(dates: list[date], *, widen_days: int = 0) -> list[tuple[date, date]]:
    """Return sorted, disjoint ranges [from, until) that cover the dates and `widen_days` on both sides."""
    ranges: list[tuple[date, date]] = []
    for day in sorted(dates):
        start, end = days_after(day, -widen_days), days_after(day, widen_days + 1)
        if ranges and start <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(end, ranges[-1][1]))
        else:
            ranges.append((start, end))
    return ranges


def cut_range(span: tuple[date, date], *, pieces: int) -> list[tuple[date, date]]:
    """Return the range [from, until) cut into at most so many of nearly equal length, in order; at least a day each."""
    first, days = span[0], (span[1] - span[0]).days
    steps = range(max(1, min(pieces, days)) + 1)
    bounds = [days_after(first, days * step // (len(steps) - 1)) for step in steps]
    return list(pairwise(bounds))
