"""Retention of cohorts and what they bring: on, on or after, streak, bracket; first-time and recurring; net revenue per user.

What stands in a `report` table is read from it; other break-downs are counted by `sql/analysis/retention_grid.sql`, which says
the same words. A triangle is only another view of the same rows.
"""

from typing import TYPE_CHECKING

import pandas as pd

from assets.analytics.report import AnalysisError, Report
from assets.analytics.tables import BASES, SIGNED_IN, choose, definition
from models.proportions import wilson_interval

if TYPE_CHECKING:
    from assets.analytics.shop import Shop

DIMENSIONS = ("all", "channel", "region", "persona")
PERIODS_AT_MOST = {"day": 30, "week": 26, "month": 24}
MEASURES = {
    "on": "on_users_count",
    "on_or_after": "on_or_after_users_count",
    "streak": "streak_users_count",
}
VALUE_DAYS = (0, 7, 14, 30, 60, 90, 180, 365)
_WORDS = {
    "on": "active in that very period",
    "on_or_after": "active in that period or later (goes on growing: compare equal follow-up only)",
    "streak": "active in every period since, that one included",
}


def _percent(share: float, *, is_open: bool) -> str:
    return "" if pd.isna(share) else f"{share:.1%}{'*' if is_open else ''}"


def _triangle(frame: pd.DataFrame, count: str) -> pd.DataFrame:
    """Return one row per group and cohort: its size, then the share by period since; an open cell bears a star."""
    cells = frame.assign(
        cell=[
            _percent(share, is_open=not done)
            for share, done in zip(frame[count] / frame["cohort_users_count"], frame["is_complete"], strict=True)
        ]
    )
    return _wide(cells, "period_offset", "")


def _wide(cells: pd.DataFrame, across: str, word: str) -> pd.DataFrame:
    """Return one row per group and cohort with its size and the cells side by side; one group alone is not named."""
    keys = ["dimension_value", "cohort_date"] if len(set(cells["dimension_value"])) > 1 else ["cohort_date"]
    wide = cells.pivot_table(index=keys, columns=across, values="cell", aggfunc="first").fillna("")
    wide.columns = [f"{word}{name}" for name in wide.columns]
    wide.insert(0, "cohort_users_count", cells.groupby(keys)["cohort_users_count"].first())
    return wide.reset_index()


def retention(shop: "Shop", *, basis: str, period: str, by: str, recurring: bool, measure: str) -> Report:
    """Cohorts by period since, each cell with its denominator, interval and whether it is complete."""
    choose("basis", basis, tuple(BASES))
    choose("period", period, tuple(PERIODS_AT_MOST))
    choose("by", by, DIMENSIONS)
    choose("measure", measure, tuple(MEASURES))
    frame = _cells(shop, basis=basis, period=period, by=by, recurring=recurring, measure=measure)
    frame["on_share_low"], frame["on_share_high"] = wilson_interval(
        frame["on_users_count"], frame["cohort_users_count"]
    )
    name = "retention_recurring" if recurring else "retention"
    cohort = f"everybody active in the {period}" if recurring else f"users whose first activity lies in the {period}"
    groups = "" if by == "all" else f"; by {by}" + (" of today" if by == "persona" else "")
    return Report(
        name,
        f"Cohort: {cohort}, which is {period} 0. {measure}: {_WORDS[measure]}, over the cohort.",
        f"{SIGNED_IN}; {BASES[basis]}{groups}",
        f"calendar {period}s; a cell whose {period} is not over bears a star and is left out of means",
        "users of the cohort",
        frame,
        people="cohort_users_count",
        measures=tuple(
            name for name in (*MEASURES.values(), "on_share", "on_share_low", "on_share_high") if name in frame
        ),
        view=lambda rows: _triangle(rows, MEASURES[measure]),
    )


def _cells(shop: "Shop", *, basis: str, period: str, by: str, recurring: bool, measure: str) -> pd.DataFrame:
    """Return the rows of a report table where one holds them, else count them."""
    where, values = "activity_basis = $basis and period_type = $period", {"basis": basis, "period": period}
    if recurring and by == "all" and period != "day" and measure == "on":
        rows = shop.table("report.retention_recurring", where, **values)
        return rows.assign(dimension="all", dimension_value="all")
    if not recurring and (by == "all" or period != "day"):
        return shop.table("report.retention", where + " and dimension = $by", **values, by=by)
    parameters = {**values, "dimension": by, "is_recurring": recurring, "periods_at_most": PERIODS_AT_MOST[period]}
    return shop.ask("retention_grid", parameters).assign(activity_basis=basis, period_type=period, dimension=by)


def retention_curve(shop: "Shop", *, basis: str, period: str, by: str) -> Report:
    """Mean retention over the cohorts whose period is over, one curve per group: rows of `report.retention_curve`."""
    choose("basis", basis, tuple(BASES))
    choose("period", period, tuple(PERIODS_AT_MOST))
    choose("by", by, DIMENSIONS)
    if by != "all" and period == "day":
        raise AnalysisError(f"curves of days are counted for everybody only; by {by}, choose week or month")
    where = "activity_basis = $basis and period_type = $period and dimension = $by"
    return Report(
        "retention_curve",
        definition("report.retention_curve"),
        f"{SIGNED_IN}; {BASES[basis]}" + ("" if by == "all" else f"; by {by}"),
        f"calendar {period}s that are over",
        "users of the cohorts whose period is over",
        shop.table("report.retention_curve", where, basis=basis, period=period, by=by),
        people="cohort_users_count",
        measures=("on_users_count", "on_share", "on_share_low", "on_share_high"),
    )


def retention_bracket(shop: "Shop", first: int, last: int, *, basis: str, period: str) -> Report:
    """Share of each cohort that was active at least once in periods first..last since its own."""
    choose("basis", basis, tuple(BASES))
    choose("period", period, tuple(PERIODS_AT_MOST))
    if not 0 <= first <= last:
        raise AnalysisError(
            f"the bracket {first} to {last} is none; give two numbers of periods, the smaller one first"
        )
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
        f"{SIGNED_IN}; {BASES[basis]}",
        f"calendar {period}s {first} to {last}; a cohort is complete when the last of them is over",
        "users of the cohort",
        pd.DataFrame(frame),
        people="cohort_users_count",
        measures=("on_users_count", "on_share", "on_share_low", "on_share_high"),
    )


def cohort_value(shop: "Shop", *, by: str, curve: bool) -> Report:
    """Net revenue per acquired user by days since acquisition: by month cohort, or as one curve per group."""
    choose("by", by, ("all", "channel"))
    frame = shop.table("report.cohort_value", "dimension = $by", by=by)
    if curve:
        closed = frame[frame["is_complete"]]
        frame = pd.DataFrame(
            closed.groupby(["dimension", "dimension_value", "days_since_first"])
            .agg(
                cohorts_count=("cohort_date", "size"),
                cohort_users_count=("cohort_users_count", "sum"),
                net_amount=("net_amount", "sum"),
            )
            .reset_index()
        )
        frame["net_amount"] = frame["net_amount"].astype(float)
        frame["net_amount_per_user"] = frame["net_amount"] / frame["cohort_users_count"]
    return Report(
        "ltv" if curve else "cohort_value",
        ("Sum over the month cohorts whose every member was seen for so many days. " if curve else "")
        + definition("report.cohort_value"),
        SIGNED_IN + ("" if by == "all" else f"; by {by}"),
        "days 0 to 365 since the first activity"
        + ("" if curve else "; a cell that not every member has reached bears a star"),
        "all users of the cohort, buyers or not",
        frame,
        people="cohort_users_count",
        measures=("net_amount", "net_amount_per_user"),
        view=None if curve else _value_table,
    )


def _value_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row per group and cohort: its size, then net revenue per user after so many days."""
    chosen = frame[frame["days_since_first"].isin(VALUE_DAYS)]
    cells = chosen.assign(
        cell=[
            "" if pd.isna(amount) else f"{amount:,.2f}{'' if done else '*'}"
            for amount, done in zip(chosen["net_amount_per_user"], chosen["is_complete"], strict=True)
        ]
    )
    return _wide(cells, "days_since_first", "day ")
