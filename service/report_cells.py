"""Cells and column titles of reports as people read them, by the unit that the dictionary gives a column.

Belongs here: the look of one value of one column. Does not belong here: which values may be shown.
"""

from datetime import date, datetime

from contracts.columns import COLUMNS
from service.formats import UNKNOWN, decimal, percent, whole

Cell = str | int | float | date | None

_ENDINGS = ("_count", "_share", "_amount", "_s", "_at", "_date", "_number", "_name")
_TITLES = {
    "dimension_value": "Group", "step_number": "Step", "step_name": "What", "active_users_7d": "Active in 7 days",
    "active_users_30d": "Active in 30 days", "active_users_count": "Active users", "is_complete": "Complete",
    "convert_p25_s": "Time, lower quartile", "convert_median_s": "Time, median", "convert_p75_s": "Time, upper quartile",
    "first_share": "Of the first step", "first_share_low": "95 % from", "first_share_high": "to", "bin": "Range",
    "previous_share": "Of the step before", "on_share": "Share", "on_share_low": "95 % from", "on_share_high": "to",
    "users_count": "Users", "at_risk_wau": "At risk (week)", "at_risk_mau": "At risk (month)", "activity_basis": "Basis",
}  # fmt: skip


def title_of(column: str) -> str:
    """Return what stands over a column: `transitions_count` -> `Transitions`."""
    if column in _TITLES:
        return _TITLES[column]
    ending = next((end for end in _ENDINGS if column.endswith(end) and column != end), "")
    return column.removesuffix(ending).replace("_", " ").capitalize() + (" share" if ending == "_share" else "")


def cell_text(column: str, value: Cell) -> str:
    """Return a value as text: shares in percent, seconds as a length of time, counts with separators, nothing as a dash."""
    if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124  only NaN differs from itself
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, str | date):
        return str(value)
    return _number(column, value)


def _number(column: str, value: float) -> str:
    unit = COLUMNS[column].unit if column in COLUMNS else None
    if unit in {"share", "probability"} or column.endswith(("share", "share_low", "share_high")):
        return percent(value, 1)
    if unit == "seconds":
        return length_of_time(value)
    if float(value).is_integer():
        return whole(value)
    if unit in {"base currency", "ratio"} or abs(value) >= 100:
        return decimal(value, 2)
    return f"{value:.4g}"


def length_of_time(seconds: float) -> str:
    """Return seconds as people say them: 52 s, 3.4 min, 5.0 h, 2.3 days."""
    for size, word in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:,.1f} {word}"
    return f"{seconds:.0f} s"
