"""When things happen: hours of the week by group, and the main series with what was to be expected."""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from assets.analytics.report import AnalysisError, Report, counted
from contracts.settings import DEFAULT_TIME_ZONE
from models.calendar_effects import calendar_effects
from models.series import expect
from sql.analyses import load_analysis

if TYPE_CHECKING:
    from assets.analytics.shop import Shop

USERS_IN_A_NOTE = 10
SERIES = ("active_users", "orders", "revenue")


def hours_of_the_week(shop: "Shop", *, by: str, from_date: date | None, until_date: date | None) -> Report:
    """Return `dimension_value, weekday_number, hour_of_day, events_count, users_count, events_share`; best hours in a note."""
    shop.check_dimension(by)
    first, last = shop.bounds(from_date, until_date)
    zone = shop.warehouse.recall("time_zone") or DEFAULT_TIME_ZONE
    frame = shop.ask("rhythm", {"dimension": by, "time_zone": zone, "from_date": first, "until_date": last})
    # a note is text: nobody blanks it later, so it speaks of ten users and more
    best = frame[frame["users_count"] >= USERS_IN_A_NOTE].sort_values(
        ["events_count", "weekday_number", "hour_of_day"], ascending=[False, True, True]
    )
    top = best.drop_duplicates("dimension_value").sort_values("dimension_value")
    words = [f"{row.dimension_value}: weekday {row.weekday_number}, {row.hour_of_day}:00" for row in top.itertuples()]
    return Report(
        "rhythm",
        counted(load_analysis("rhythm").description),
        "signed-in users" + ("" if by == "all" else f" by {by}"),
        f"{first} to {date.fromordinal(last.toordinal() - 1)}, clock of {zone}",
        "events_share: all active events of the group",
        frame,
        people="users_count",
        measures=("events_count", "events_share"),
        notes=("busiest hour of " + "; ".join(words),) if words else (),
    )


def _series(shop: "Shop", measure: str, first: date, last: date) -> pd.DataFrame:
    if measure not in SERIES:
        raise AnalysisError(f"there is no series {measure!r}; choose {', '.join(SERIES)}")
    return shop.ask("daily_series", {"measure": measure, "from_date": first, "until_date": last})


def _population(measure: str) -> str:
    return "signed-in users" if measure == "active_users" else "all paid orders, guests included"


def calendar(shop: "Shop", measure: str, *, from_date: date | None, until_date: date | None) -> Report:
    """Return `effect, level, days_count, index, index_low, index_high` of weekdays, parts of the month and sale days.

    Raises:
        AnalysisError: an unknown series, or fewer than eight weeks.
    """
    first, last = shop.bounds(from_date, until_date)
    series = _series(shop, measure, first, last)
    days = [moment.date() for moment in pd.to_datetime(series["activity_date"])]
    try:
        found = calendar_effects(days, series["amount"].to_numpy(np.float64))
    except ValueError as error:
        raise AnalysisError(f"{measure}: {error}") from error
    return Report(
        f"calendar of {measure}",
        "index = value / level around it (mean of the 14 days before and after), mean over the days; 1 = no effect. weekday: 1 = "
        "Monday. month_part and sale_day: after the weekday is taken out. Intervals of 95 %: bootstrap over days. "
        + counted(load_analysis("daily_series").description),
        _population(measure),
        f"{first} to {date.fromordinal(last.toordinal() - 1)}; the first and last 14 days have no level",
        "the level around each day",
        found.effects,
    )


def trend(shop: "Shop", measure: str, *, from_date: date | None, until_date: date | None, days_ahead: int) -> Report:
    """Return one row per day, and the days ahead: value, expected range, anomaly flag, trend and season.

    Raises:
        AnalysisError: an unknown series, or too few days for a weekly season.
    """
    first, last = shop.bounds(from_date, until_date)
    series = _series(shop, measure, first, last)
    try:
        found = expect(series["amount"].to_numpy(np.float64), days_ahead=days_ahead)
    except ValueError as error:
        raise AnalysisError(f"{measure}: {error}") from error
    frame = found.days
    frame.insert(0, "activity_date", pd.date_range(series["activity_date"].iloc[0], periods=len(frame)))
    flagged = [f"{day:%Y-%m-%d}" for day in frame.loc[frame["is_anomaly"], "activity_date"]]
    return Report(
        f"trend of {measure}",
        counted(load_analysis("daily_series").description)
        + f" Expected from the days before: {found.model}; range of 99 %, its width from the median error.",
        _population(measure),
        f"{first} to {date.fromordinal(last.toordinal() - 1)}, then {days_ahead} days ahead",
        "none: absolute numbers",
        frame,
        notes=(
            f"{found.range_share:.1%} of past days inside their range, the first two weeks left out",
            f"outside: {', '.join(flagged) or 'none'}",
        ),
    )
