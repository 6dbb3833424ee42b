"""Trend, weekly season and expected range of a daily series, by statsmodels. What the series is belongs to the caller."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

WEEK = 7
DAYS_AT_LEAST = 28
"""Four weeks: fewer do not tell a season from chance."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ExpectedSeries:
    """`days`: `value, expected, expected_low, expected_high, is_anomaly, trend, season`, one row per day, then the days to
    come without a value; `range_share` of past days inside their range; `model` in words.
    """  # fmt: skip

    days: pd.DataFrame
    range_share: float
    model: str


def expect(values: Numbers, *, days_ahead: int = 28, quantile: float = 2.5758293035489004) -> ExpectedSeries:
    """Return what each day was expected to be from the days before it, and the next days, with a 99 % range.

    Exponential smoothing with additive damped trend and weekly season (Hyndman et al. 2008, Forecasting with Exponential
    Smoothing). The spread comes from the median absolute error, so that anomalies do not widen their own range; ahead it
    grows with the root of the steps' variance. Trend and season shown are of a robust STL (Cleveland et al. 1990).

    Raises:
        ValueError: fewer than four weeks.
    """
    if len(values) < DAYS_AT_LEAST:
        raise ValueError(f"{len(values)} days; a weekly season needs at least {DAYS_AT_LEAST}")
    if np.ptp(values) == 0:
        past, ahead, errors = values.copy(), np.full(days_ahead, values[0]), np.zeros(days_ahead)
        trend, season, spread = values.copy(), np.zeros(len(values)), 0.0
    else:
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel
        from statsmodels.tsa.seasonal import STL

        scale = float(np.abs(values).max())
        model = ETSModel(
            pd.Series(values / scale),
            error="add",
            trend="add",
            damped_trend=True,
            seasonal="add",
            seasonal_periods=WEEK,
        )
        fitted: Any = model.fit(disp=False, maxiter=300)
        past = np.asarray(fitted.fittedvalues) * scale
        ahead = np.asarray(fitted.forecast(days_ahead)) * scale
        spread = 1.4826 * float(np.median(np.abs(values - past)))
        exact = np.sqrt(np.asarray(fitted.get_prediction(len(values), len(values) + days_ahead - 1).forecast_variance))
        errors = spread * exact / exact[0] if exact[0] > 0 else np.full(days_ahead, spread)
        parts = STL(values, period=WEEK, robust=True).fit()
        trend, season = parts.trend, parts.seasonal
    widths = np.concatenate([np.full(len(values), spread), errors]) * quantile
    expected = np.concatenate([past, ahead])
    nothing = np.full(days_ahead, np.nan)
    days = pd.DataFrame(
        {
            "value": np.concatenate([values, nothing]),
            "expected": expected,
            "expected_low": expected - widths,
            "expected_high": expected + widths,
            "trend": np.concatenate([trend, nothing]),
            "season": np.concatenate([season, nothing]),
        }
    )
    # the first two weeks set the season up and cannot surprise
    outside = (days["value"] < days["expected_low"]) | (days["value"] > days["expected_high"])
    days["is_anomaly"] = outside & (np.arange(len(days)) >= 2 * WEEK)
    inside = 1 - float(outside.iloc[2 * WEEK : len(values)].mean())
    return ExpectedSeries(days, inside, "exponential smoothing, additive damped trend, weekly season")
