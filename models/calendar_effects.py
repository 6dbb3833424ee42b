"""How much the calendar moves a daily series: weekdays, parts of the month, named sale days. Which series is the caller's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.series import DAYS_AT_LEAST, WEEK

SALE_DAYS = {(2, 14): "02-14", (6, 18): "06-18", (9, 9): "09-09", (11, 11): "11-11", (12, 12): "12-12"}
"""Days on which Chinese (social) e-commerce sells; a shop elsewhere finds its own among the anomalies of the series."""
_RESAMPLES = 1_000
_REACH = 14
"""Days on either side that make the level of a day: two whole weeks, so that each weekday counts the same."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CalendarEffects:
    """`effects`: `effect, level, days_count, index, index_low, index_high`; an index of 1.2 is 20 % above the level around."""

    effects: pd.DataFrame


def calendar_effects(days: Sequence[date], values: Numbers, *, seed: int = 0) -> CalendarEffects:
    """Return the mean index of every weekday, part of the month and sale day, with 95 % bootstrap intervals over days.

    Level of a day: mean of the 14 days before and after it, itself left out, so that a sale day does not raise its own level.
    Weekdays: value / level. Parts of the month (first 5 days, last 5 days, between) and sale days: value / (level x index of
    the weekday), and sale days are in no other index. Days within 14 of either end have no level. Percentile bootstrap, 1,000
    resamples (Efron and Tibshirani 1993). A level seen on one day has no interval.

    Raises:
        ValueError: fewer than eight weeks.
    """
    if len(values) < 2 * DAYS_AT_LEAST:
        raise ValueError(f"{len(values)} days; effects of the calendar need at least {2 * DAYS_AT_LEAST}")
    around = pd.Series(values).rolling(2 * _REACH + 1, center=True).sum().to_numpy() - values
    level = around / (2 * _REACH)
    frame = pd.DataFrame({"day": list(days), "ratio": values / np.where(level > 0, level, np.nan)}).dropna()
    frame["weekday"] = [day.isoweekday() for day in frame["day"]]
    frame["sale_day"] = [SALE_DAYS.get((day.month, day.day)) for day in frame["day"]]
    frame["month_part"] = [_part(day) for day in frame["day"]]
    plain = frame[frame["sale_day"].isna()]
    of_weekday = plain.groupby("weekday")["ratio"].mean().reindex(range(1, WEEK + 1), fill_value=np.nan)
    frame["left"] = frame["ratio"] / frame["weekday"].map(of_weekday.where(of_weekday > 0))
    plain = frame[frame["sale_day"].isna()]
    random = np.random.default_rng(seed)
    rows = [
        (effect, str(name), *_interval(part.to_numpy(np.float64), random))
        for effect, of, column in (
            ("weekday", plain, "ratio"),
            ("month_part", plain, "left"),
            ("sale_day", frame[frame["sale_day"].notna()], "left"),
        )
        for name, part in of.groupby(effect)[column]
    ]
    columns = ["effect", "level", "days_count", "index", "index_low", "index_high"]
    return CalendarEffects(pd.DataFrame(rows, columns=pd.Index(columns)))


def _part(day: date) -> str:
    next_month = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    if day.day <= 5:
        return "1 first 5 days"
    return "3 last 5 days" if (next_month - day).days <= 5 else "2 between"


def _interval(values: Numbers, random: np.random.Generator) -> tuple[int, float, float, float]:
    if len(values) < 2:
        return len(values), float(values.mean()), np.nan, np.nan
    means = values[random.integers(0, len(values), (_RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return len(values), float(values.mean()), float(low), float(high)
