"""Active users and lifecycle as they stand in `report` tables: the same numbers, with their definition beside them.

Retention and the value of cohorts have their own module, `cohorts.py`.
"""

from typing import TYPE_CHECKING

from assets.analytics.report import AnalysisError, Report
from sql.queries import load_queries

if TYPE_CHECKING:
    from assets.analytics.shop import Shop

SIGNED_IN = "signed-in users, each from the first activity in the data on"
BASES = {
    "activity": "active = an event other than push_open, or an order placed",
    "order": "active = a paid order",
}


def definition(table: str) -> str:
    """Return what a table's own file says a row is, and how it is counted."""
    return load_queries()[table].description


def choose(word: str, value: str, allowed: tuple[str, ...]) -> None:
    """Check a choice.

    Raises:
        AnalysisError: it is none of those allowed.
    """
    if value not in allowed:
        message = f"{word} is {value!r}; choose {', '.join(allowed)}"
        raise AnalysisError(message)


def active_users(shop: "Shop") -> Report:
    """Active users by basis and day, with the engagement states of that day in columns."""
    days = shop.table("report.active_users_day")
    states = shop.table("report.engagement_day")
    wide = states.pivot_table(
        index=["activity_basis", "activity_date"], columns="engagement_state", values="users_count", aggfunc="sum"
    ).reset_index()
    return Report(
        "active_users",
        definition("report.active_users_day") + " " + definition("report.engagement_day"),
        SIGNED_IN,
        "business days; trailing 7 and 30 days end with the day",
        "stickiness: users active in the trailing 30 days",
        days.merge(wide, on=["activity_basis", "activity_date"], how="left", validate="1:1"),
        people="active_users_count",
        measures=("active_users_7d", "active_users_30d", "stickiness"),
    )


def lifecycle(shop: "Shop", *, basis: str, period: str) -> Report:
    """New, returning, resurrecting and dormant users by period of one type."""
    choose("basis", basis, tuple(BASES))
    choose("period", period, ("day", "week", "month"))
    frame = shop.table(
        "report.lifecycle", "activity_basis = $basis and period_type = $period", basis=basis, period=period
    )
    return Report(
        "lifecycle",
        definition("report.lifecycle"),
        f"{SIGNED_IN}; {BASES[basis]}",
        f"calendar {period}s",
        "quick ratio: users dormant in the period",
        frame,
        people="active_users_count",
    )
