"""What happens inside sessions and between events: transitions, step matrix, intervals, distributions."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from assets.analytics.event_types import check_event_types
from assets.analytics.moments import moments
from assets.analytics.report import AnalysisError, Report, counted
from models.distributions import amount_bins, duration_bins, quantiles
from models.step_matrix import count_steps
from sql.analyses import load_analysis
from sql.queries import load_queries

if TYPE_CHECKING:
    from assets.analytics.shop import Shop

FLOW_TYPES = 8
"""Event types that stand apart in flows; the others are one place, or a chart cannot be read."""

VISITORS = "signed-in users and visitors who are not"
MEASURES = {
    "events": "events other than push_open",
    "orders": "paid orders",
    "spend": "net amount of paid order lines, in the base currency",
    "active_days": "days with an event or an order",
    "sessions": "sessions",
}


def _days(first: date, last: date) -> str:
    return f"{first} to {date.fromordinal(last.toordinal() - 1)}"


def sessions(shop: "Shop", *, from_date: date | None, until_date: date | None) -> Report:
    """Return `report.session_day` of the range: one row per day."""
    first, last = shop.bounds(from_date, until_date)
    frame = shop.table(
        "report.session_day", "activity_date >= $first and activity_date < $last", first=first, last=last
    )
    return Report(
        "sessions",
        counted(load_queries()["report.session_day"].description),
        VISITORS,
        f"sessions that start {_days(first, last)}",
        "purchase_session_share: sessions of the day",
        frame,
        people="session_users_count",
        measures=tuple(name for name in frame.columns if name not in {"activity_date", "session_users_count"}),
    )


def paths(shop: "Shop", *, from_date: date | None, until_date: date | None, top: int) -> Report:
    """Return `from_event, to_event, transitions_count, share`: the `top` successors of each event, the others as one row."""
    first, last = shop.bounds(from_date, until_date)
    rows = shop.table(
        "report.event_transition_day", "activity_date >= $first and activity_date < $last", first=first, last=last
    )
    summed = pd.DataFrame(rows.groupby(["from_event", "to_event"], as_index=False)["transitions_count"].sum())
    summed = summed.sort_values(["from_event", "transitions_count", "to_event"], ascending=[True, False, True])
    rank = summed.groupby("from_event").cumcount()
    summed["to_event"] = summed["to_event"].where(rank < top, "(rest)")
    frame = pd.DataFrame(
        summed.groupby(["from_event", "to_event"], as_index=False, sort=False)["transitions_count"].sum()
    )
    frame["share"] = frame["transitions_count"] / frame.groupby("from_event")["transitions_count"].transform("sum")
    return Report(
        "path",
        counted(load_queries()["report.event_transition_day"].description),
        VISITORS,
        f"sessions that start {_days(first, last)}",
        "share: transitions from the event",
        frame.reset_index(drop=True),
    )


def step_matrix(
    shop: "Shop", *, anchor: str | None, from_end: bool, steps: int, from_date: date | None, until_date: date | None
) -> Report:
    """Return `step, event_type, sessions_count, share`: what stands where in sessions, counted from an anchor."""
    first, last = shop.bounds(from_date, until_date)
    day = timedelta(days=1)  # a session over midnight is whole, and its start is seen
    frame = count_steps(
        moments(shop, first - day, last + day),
        first=first,
        until=last,
        passive=["push_open"],
        anchor=anchor,
        from_end=from_end,
        steps=steps,
    )
    if anchor is not None and frame.empty:
        raise AnalysisError(f"no session of the range holds an event of type {anchor!r}")
    frame = frame.sort_values(
        ["step", "sessions_count", "event_type"], ascending=[True, False, True], ignore_index=True
    )
    return Report(
        "step_matrix",
        "In how many sessions which event stands at which step, counted from an anchor or back to it: the session's first "
        "event, or its last when the matrix goes back; or the first (last) event of a type. Step 0 is the anchor. Sessions that "
        "are over by a step are (end), those that had not begun (start).",
        VISITORS,
        f"sessions that start {_days(first, last)}",
        "sessions with the anchor",
        frame,
    )


def step_flows(
    shop: "Shop", *, anchor: str | None, from_end: bool, steps: int, from_date: date | None, until_date: date | None
) -> Report:
    """Return `step, near_event, far_event, sessions_count, share`: the flows of a Sankey chart, from an anchor on or back.

    Raises:
        AnalysisError: no session of the range holds the anchor.
    """
    first, last = shop.bounds(from_date, until_date)
    frame = shop.ask(
        "step_flows",
        {
            "anchor_type": anchor,
            "from_end": from_end,
            "steps_at_most": steps,
            "types_at_most": FLOW_TYPES,
            "from_date": first,
            "until_date": last,
        },
    )
    if anchor is not None and frame.empty:
        raise AnalysisError(f"no session of the range holds an event of type {anchor!r}")
    frame["share"] = frame["sessions_count"] / frame[frame["step"] == 0]["sessions_count"].sum()
    return Report(
        "step_flows",
        counted(load_analysis("step_flows").description),
        VISITORS,
        f"sessions that start {_days(first, last)}",
        "share: sessions with the anchor",
        frame,
    )


def intervals(
    shop: "Shop", first_type: str, second_type: str, *, from_date: date | None, until_date: date | None
) -> Report:
    """Return `bin, intervals_count, share, users_count`: how long after one event a user's next other event comes."""
    first, last = shop.bounds(from_date, until_date)
    check_event_types(shop, (first_type, second_type))
    pairs = shop.ask(
        "intervals",
        {"first_type": first_type, "second_type": second_type, "from_date": first, "until_date": last},
    )
    seconds = pairs["seconds"].to_numpy(np.float64)
    frame = duration_bins(seconds, pairs["user_key"]).rename(columns={"count": "intervals_count"})
    people = pairs["user_key"].nunique()
    return Report(
        f"intervals {first_type} to {second_type}",
        counted(load_analysis("intervals").description),
        f"{VISITORS}; {people:,} have a pair",
        f"first event {_days(first, last)}; the second one may come later",
        "pairs",
        frame,
        people="users_count",
        measures=("intervals_count", "share"),
        notes=(
            _durations(seconds),
            "pairs still open at the end of the data are missing: late bins are short",
        ),
    )


def _durations(seconds: np.ndarray) -> str:
    """Return the quantiles of durations in words, in the unit in which their median can be read."""
    middle = float(np.median(seconds)) if len(seconds) else 0.0
    names = (("days", 86_400), ("hours", 3_600), ("minutes", 60))
    unit, size = next(((name, size) for name, size in names if middle >= size), ("seconds", 1))
    return quantiles(seconds / size, unit=unit)


def distribution(shop: "Shop", measure: str, *, from_date: date | None, until_date: date | None) -> Report:
    """Return `bin, users_count, share`: how many users have how much of something.

    Raises:
        AnalysisError: the measure is not one of `MEASURES`.
    """
    if measure not in MEASURES:
        raise AnalysisError(f"cannot measure {measure!r}; choose {', '.join(MEASURES)}")
    first, last = shop.bounds(from_date, until_date)
    amounts = shop.ask("user_measures", {"measure": measure, "from_date": first, "until_date": last})["amount"]
    values = amounts.to_numpy(np.float64)
    frame = pd.DataFrame(amount_bins(values)).rename(columns={"count": "users_count"})
    return Report(
        f"distribution of {measure}",
        f"Users by {MEASURES[measure]} in the range; who has none (or less than none) is left out.",
        "signed-in users",
        _days(first, last),
        "users with some",
        frame,
        people="users_count",
        measures=("share",),
        notes=(quantiles(values, unit="of the base currency" if measure == "spend" else measure),),
    )
