"""Histories of days: on how many days somebody did something, how lately and since when.

Belongs here: order days and active days of customers, read from features, and what they would be with one part put back to the
median. Does not belong here: the model of such histories (`btyd.py`), rules built on it (`fallback.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from models.btyd import MBGNBD
from models.likelihood import FitFailedError

ORDER_COLUMNS = ("repeat_days", "first_to_last_days", "tenure_days")
ACTIVITY_COLUMNS = ("active_days_count", "first_active_days", "last_active_days")
NEVER = 1e-3  # probability of a day given to somebody without any so far: lowest rank, not certainty


@dataclass(frozen=True, slots=True)
class DayHistories:
    """Repeat days x, days from the first to the last day t_x, days since the first day T; (n,), NaN where there is none."""

    x: np.ndarray
    t_x: np.ndarray
    T: np.ndarray

    @classmethod
    def of_orders(cls, features: pd.DataFrame) -> DayHistories:
        """Order days; raises ValueError where a column of `ORDER_COLUMNS` is missing."""
        missing = [column for column in ORDER_COLUMNS if column not in features.columns]
        if missing:
            raise ValueError(f"purchase histories need {', '.join(ORDER_COLUMNS)}; missing: {', '.join(missing)}")
        x, t_x, T = (features[column].to_numpy(dtype=np.float64) for column in ORDER_COLUMNS)
        nobody = np.isnan(T)
        return cls(np.where(nobody, np.nan, x), np.where(nobody, np.nan, t_x), T)

    @classmethod
    def of_activity(cls, features: pd.DataFrame) -> DayHistories:
        """Days with an active event or an order, from `ACTIVITY_COLUMNS`; a day with an order only may be counted out.

        How many days had either is not a feature: the larger of the two counts is taken.
        """
        orders = cls.of_orders(features)
        days, first, last = (features[column].to_numpy(dtype=np.float64) for column in ACTIVITY_COLUMNS)
        T = np.fmax(first, orders.T)
        t_x = np.where(np.isnan(last), np.nan, np.maximum(T - last, 0.0))
        x = np.where(t_x > 0, np.maximum(np.fmax(days - 1.0, orders.x), 1.0), 0.0)
        return cls(np.where(np.isnan(t_x), np.nan, x), t_x, np.where(np.isnan(t_x), np.nan, T))

    @property
    def known(self) -> np.ndarray:
        """Who has a day at all; (n,)."""
        return ~np.isnan(self.T)

    @property
    def typical(self) -> tuple[float, float]:
        """Median silence since the last day (at least 1) and median number of repeat days (whole)."""
        known = self.known
        if not known.any():
            return 1.0, 0.0
        return max(1.0, float(np.median((self.T - self.t_x)[known]))), float(round(np.median(self.x[known])))

    def with_silence(self, days: float) -> DayHistories:
        """The same histories, the last day so many days ago."""
        return replace(self, T=self.t_x + days)

    def with_repeats(self, days: float) -> DayHistories:
        """The same histories with so many repeat days."""
        t_x = np.zeros_like(self.t_x) if days == 0 else np.maximum(self.t_x, 1.0)
        t_x[~self.known] = np.nan
        return DayHistories(np.where(self.known, days, np.nan), t_x, np.maximum(self.T, t_x))


@dataclass(frozen=True)
class DayRule:
    """P(at least one more day within a horizon) from a customer's own history; fitted without labels.

    `mbg` is None where its fit failed; then P = 1 - exp(-horizon (x + 1/2) / (T + horizon)): the customer's own rate of
    repeat days with half a day and one horizon added. People without a day get 0.001.
    """

    horizon_days: int
    mbg: MBGNBD | None

    @classmethod
    def fit(cls, histories: DayHistories, *, horizon_days: int) -> DayRule:
        """Fit on the histories of one snapshot."""
        known = histories.known
        try:
            return cls(horizon_days, MBGNBD.fit(histories.x[known], histories.t_x[known], T=histories.T[known]))
        except FitFailedError:
            return cls(horizon_days, None)  # documented second rule

    def probability(self, histories: DayHistories) -> np.ndarray:
        """Probability of a day in the horizon, shape (n,)."""
        probability, known = np.full(len(histories.x), NEVER), histories.known
        x, t_x, T = histories.x[known], histories.t_x[known], histories.T[known]
        if self.mbg is None:
            probability[known] = -np.expm1(-self.horizon_days * (x + 0.5) / (T + self.horizon_days))
        else:
            probability[known] = self.mbg.probability_purchase(self.horizon_days, x, recency=t_x, T=T)
        return probability
