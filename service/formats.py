"""Numbers and dates as people read them: thousands separators, currency, percent, and one mark for what is not known.

Belongs here: the look of single values. Does not belong here: which values may be shown.
"""

from datetime import date

UNKNOWN = "–"
MINUS = "−"
NO_BREAK = "\u00a0"


def whole(value: float | None) -> str:
    """Return a count with thousands separators: 12345 -> 12,345."""
    return UNKNOWN if value is None else _no_minus_zero(f"{value:,.0f}")


def decimal(value: float | None, places: int = 1) -> str:
    """Return a number with fixed decimals and thousands separators."""
    return UNKNOWN if value is None else _no_minus_zero(f"{value:,.{places}f}")


def money(value: float | None, currency: str) -> str:
    """Return an amount with its currency before it: GBP 748,957; amounts below 1,000 keep their cents."""
    if value is None:
        return UNKNOWN
    places = 0 if round(abs(value), 2) >= 1_000 else 2
    return f"{currency}{NO_BREAK}{_no_minus_zero(f'{value:,.{places}f}')}"


def percent(share: float | None, places: int = 0) -> str:
    """Return a share of 0..1 as percent: 0.0703 -> 7 %."""
    return UNKNOWN if share is None else f"{_no_minus_zero(f'{100 * share:,.{places}f}')}{NO_BREAK}%"


def change(new: float, old: float) -> str | None:
    """Return by how many percent `new` differs from `old`, signed; None where `old` is not above zero."""
    if old <= 0:
        return None
    percentage = 100 * (new - old) / old
    return "no change" if abs(percentage) < 0.05 else f"{percentage:+,.1f}{NO_BREAK}%".replace("-", MINUS)


def day(value: date | None) -> str:
    """Return a date in words: 9 December 2011."""
    return UNKNOWN if value is None else f"{value.day} {value:%B %Y}"


def month(value: date) -> str:
    """Return a month in words: November 2011."""
    return f"{value:%B %Y}"


def score(value: float | None) -> str:
    """Return a measure between 0 and 1 with three decimals: 0.740."""
    return decimal(value, 3)


def _no_minus_zero(text: str) -> str:
    """Return the text with a true minus sign, and none before a zero."""
    return text.removeprefix("-") if not text.strip("-0.,") else text.replace("-", MINUS)
