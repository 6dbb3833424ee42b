"""Reports that stand in `report` tables: active users, lifecycle, retention. Same numbers, with their definition beside them."""

from typing import TYPE_CHECKING

import pandas as pd

from assets.analytics.report import AnalysisError, Report
from models.proportions import wilson_interval
from sql.queries import load_queries

if TYPE_CHECKING:
    from assets.analytics.shop import Shop

SIGNED_IN = "signed-in users, each from the first activity in the data on"
_BASES = {
    "activity": "active = an event other than push_open, or an order placed",
    "order": "active = a paid order",
}


def _definition(table: str) -> str:
    return load_queries()[table].description


def _choose(word: str, value: str, allowed: tuple[str, ...]) -> None:
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
        _definition("report.active_users_day") + " " + _definition("report.engagement_day"),
        SIGNED_IN,
        "business days; trailing 7 and 30 days end with the day",
        "stickiness: users active in the trailing 30 days",
        days.merge(wide, on=["activity_basis", "activity_date"], how="left", validate="1:1"),
        people="active_users_count",
        measures=("active_users_7d", "active_users_30d", "stickiness"),
    )


def lifecycle(shop: "Shop", *, basis: str, period: str) -> Report:
    """New, returning, resurrecting and dormant users by period of one type."""
    _choose("basis", basis, tuple(_BASES))
    _choose("period", period, ("day", "week", "month"))
    frame = shop.table(
        "report.lifecycle", "activity_basis = $basis and period_type = $period", basis=basis, period=period
    )
    return Report(
        "lifecycle",
        _definition("report.lifecycle"),
        f"{SIGNED_IN}; {_BASES[basis]}",
        f"calendar {period}s",
        "quick ratio: users dormant in the period",
        frame,
        people="active_users_count",
    )


def retention(shop: "Shop", *, basis: str, period: str, by: str, recurring: bool) -> Report:
    """Cohorts by period since, each cell with its denominator, interval and whether it is complete."""
    _choose("basis", basis, tuple(_BASES))
    _choose("period", period, ("week", "month") if recurring or by != "all" else ("day", "week", "month"))
    _choose("by", by, ("all",) if recurring else ("all", "channel", "region", "persona"))
    table = "report.retention_recurring" if recurring else "report.retention"
    where = "activity_basis = $basis and period_type = $period"
    values = {"basis": basis, "period": period}
    frame = (
        shop.table(table, where, **values)
        if recurring
        else shop.table(table, where + " and dimension = $by", **values, by=by)
    )
    frame["on_share_low"], frame["on_share_high"] = wilson_interval(
        frame["on_users_count"], frame["cohort_users_count"]
    )
    return Report(
        "retention_recurring" if recurring else "retention",
        _definition(table),
        f"{SIGNED_IN}; {_BASES[basis]}",
        f"calendar {period}s; open cells are marked is_complete = false and left out of means",
        "users of the cohort",
        frame,
        people="cohort_users_count",
        measures=("on_users_count", "on_share", "on_share_low", "on_share_high"),
    )


def retention_bracket(shop: "Shop", first: int, last: int, *, basis: str, period: str) -> Report:
    """Share of each cohort that was active at least once in periods first..last since its own."""
    _choose("basis", basis, tuple(_BASES))
    _choose("period", period, ("day", "week", "month"))
    frame = shop.ask(
        "retention_bracket", {"basis": basis, "period": period, "first_offset": first, "last_offset": last}
    )
    frame["on_share"] = (frame["on_users_count"] / frame["cohort_users_count"]).astype(float)
    frame["on_share_low"], frame["on_share_high"] = wilson_interval(
        frame["on_users_count"], frame["cohort_users_count"]
    )
    return Report(
        "retention_bracket",
        f"Share of a cohort active at least once in the {period}s {first} to {last} after that of the first activity.",
        f"{SIGNED_IN}; {_BASES[basis]}",
        f"calendar {period}s {first} to {last}; a cohort is complete when the last of them is over",
        "users of the cohort",
        pd.DataFrame(frame),
        people="cohort_users_count",
        measures=("on_users_count", "on_share", "on_share_low", "on_share_high"),
    )
