"""When a customer orders next: the median day and an 80 % interval, given an order within the horizon.

Belongs here: quantiles of the days to the next order and how they are judged. Does not belong here: whether there will be one
(`propensity.py`; `order_probability` here is MBG/NBD's, for a first impression).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingRegressor

from models.blocks import in_blocks
from models.btyd import MBGNBD
from models.likelihood import FitFailedError
from models.threads import one_thread

QUANTILES = (0.1, 0.5, 0.9)
CASES_AT_LEAST = 200
ROWS_AT_MOST = 50_000
_FEATURES = (
    "recency_days",
    "tenure_days",
    "repeat_days",
    "gap_mean_days",
    "gap_std_days",
    "gap_median_days",
    "gap_last_days",
)
_LATE_FEATURES = ("recency_days", "gap_mean_days")


@dataclass(frozen=True)
class NextOrderModel:
    """Quantiles of the days to the next order. Build it with `NextOrderModel.fit`.

    `trees` are empty where fewer than 200 customers ordered in the window they would learn from: then MBG/NBD's exponential
    waiting times stand in (`counts`), and without those nothing can be said.
    """

    horizon_days: int
    counts: MBGNBD | None
    trees: tuple[HistGradientBoostingRegressor, ...]

    @classmethod
    def fit(cls, histories: pd.DataFrame, horizon_days: int, *, seed: int = 0) -> NextOrderModel:
        """Fit on customers of a closed origin: gaps and repeat_days before it, `next_days` after it (null = no order)."""
        try:
            x, last, age = _history(histories)
            counts = MBGNBD.fit(x, last, T=age)
        except FitFailedError:
            counts = None  # documented above
        known = histories[histories["next_days"].notna()]
        if len(known) < CASES_AT_LEAST:
            return cls(horizon_days, counts, ())
        if len(known) > ROWS_AT_MOST:
            known = known.sample(ROWS_AT_MOST, random_state=seed)
        # on the log scale of days a week more counts alike for a fortnight and a day
        days = np.log1p(known["next_days"].to_numpy(dtype=float))
        features = _matrix(known)
        with one_thread():
            trees = tuple(
                HistGradientBoostingRegressor(
                    loss="quantile", quantile=quantile, learning_rate=0.1, max_iter=40, max_leaf_nodes=8,
                    min_samples_leaf=40, l2_regularization=5.0,
                    early_stopping=False,  # pyright: ignore[reportArgumentType] documented as "auto" or bool
                    random_state=seed,
                ).fit(features, days)
                for quantile in QUANTILES
            )  # fmt: skip
        return cls(horizon_days, counts, trees)

    @property
    def name(self) -> str | None:
        """Which of the two speaks; None where neither can."""
        if self.trees:
            return "quantile boosting"
        return "MBG/NBD waiting time" if self.counts is not None else None

    def days(self, histories: pd.DataFrame) -> np.ndarray:
        """Return lower, median and upper days from the origin to the next order, shape (n, 3), each in [0, horizon)."""
        if not self.trees:
            return waiting_days(self._counts(), histories, self.horizon_days)
        features = _matrix(histories)
        with one_thread():
            found = np.column_stack([np.expm1(in_blocks(tree.predict, features)) for tree in self.trees])
        return np.clip(np.sort(found, axis=1), 0.0, self.horizon_days - 1)

    def order_probability(self, histories: pd.DataFrame) -> np.ndarray:
        """Return MBG/NBD's probability of an order within the horizon, shape (n,); nan where it could not be fitted."""
        if self.counts is None:
            return np.full(len(histories), np.nan)
        x, last, age = _history(histories)
        return self.counts.probability_purchase(self.horizon_days, x, recency=last, T=age)

    def _counts(self) -> MBGNBD:
        if self.counts is None:
            raise FitFailedError("next order: too few customers for quantiles, and MBG/NBD is not determined either")
        return self.counts


def waiting_days(counts: MBGNBD, histories: pd.DataFrame, horizon_days: int) -> np.ndarray:
    """Return the quantiles of MBG/NBD's waiting time given an order within the horizon, shape (n, 3).

    The rate of an alive customer is gamma-distributed, so the waiting time is Lomax, cut at the horizon.
    """
    x, _, age = _history(histories)
    shape, scale = (counts.r + x)[:, None], (counts.alpha + age)[:, None]
    inside = -np.expm1(-shape * np.log1p(horizon_days / scale))
    return scale * np.expm1(-np.log1p(-inside * np.array(QUANTILES)) / shape)


def judge_next_order(model: NextOrderModel, later: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return method -> measures on customers of a later origin who ordered within the horizon after it.

    coverage: share whose next order fell into the 80 % interval (whole days); width_days: mean length of that interval;
    median_error_days: mean absolute error of the median day; pinball_loss: mean over the three quantiles. Beside the model:
    MBG/NBD's waiting time, and the customer's own mean gap since the last order (an error only, it has no interval).
    """
    known = later[later["next_days"].notna()]
    actual = known["next_days"].to_numpy(dtype=float)
    found = {"trellis": _measures(model.days(known), actual)}
    if model.counts is not None and model.trees:
        found["MBG/NBD waiting time"] = _measures(waiting_days(model.counts, known, model.horizon_days), actual)
    gap = known["gap_mean_days"].to_numpy(dtype=float)
    usual = np.nan_to_num(gap, nan=float(np.nanmean(gap)) if np.isfinite(gap).any() else 0.0)
    due = np.clip(usual - known["recency_days"].to_numpy(dtype=float), 0.0, model.horizon_days - 1)
    found["own mean gap"] = {"median_error_days": float(np.abs(due - actual).mean())}
    return found


def _measures(days: np.ndarray, actual: np.ndarray) -> dict[str, float]:
    lower, upper = np.rint(days[:, 0]), np.rint(days[:, 2])
    miss = actual[:, None] - days
    level = np.array(QUANTILES)
    return {
        "coverage": float(((actual >= lower) & (actual <= upper)).mean()),
        "width_days": float((upper - lower).mean()),
        "median_error_days": float(np.abs(miss[:, 1]).mean()),
        "pinball_loss": float(np.maximum(level * miss, (level - 1.0) * miss).mean()),
    }


def _history(histories: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    names = ("repeat_days", "first_to_last_days", "tenure_days")
    x, last, age = (histories[name].to_numpy(dtype=float) for name in names)
    return x, last, age


def _matrix(histories: pd.DataFrame) -> np.ndarray:
    """Features, (n, 9): the columns, how late the customer is, and days still to go by the usual gap; nan = no gap yet."""
    values = {name: histories[name].astype(float).to_numpy(dtype=float, na_value=np.nan) for name in _FEATURES}
    late, usual = (values[name] for name in _LATE_FEATURES)
    with np.errstate(invalid="ignore", divide="ignore"):
        lateness = expit(np.log(late / np.maximum(usual, 1.0)))
    return np.column_stack([*values.values(), lateness, usual - late])
