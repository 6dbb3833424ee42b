"""Arithmetic of business dates: which ranges an incremental table must rebuild."""

from datetime import date


def days_after(day: date, days: int) -> date:
    """Return the date so many days later."""
    return date.fromordinal(day.toordinal() + days)


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
