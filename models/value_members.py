"""The ways to foresee a customer's paid orders or net spend in a horizon.

Belongs here: each way, from fit to prediction. Does not belong here: the choice among them and its judgement (`value.py`),
the fits themselves (`btyd.py`, `gamma_gamma.py`, `lifetime_value.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from models.blocks import in_blocks
from models.btyd import MBGNBD
from models.gamma_gamma import GammaGamma
from models.lifetime_value import PurchaseHistoryValue
from models.likelihood import FitFailedError
from models.preparation import signed_log1p

if TYPE_CHECKING:
    from collections.abc import Sequence

TARGETS = {"expected_orders": "future_orders_count", "expected_spend": "future_net_amount"}
BASELINE, LABEL_FREE, HISTORIES, BOOSTING, MIXTURE = "past_spend", "history", "btyd", "boosting", "mixture"
ROWS_AT_MOST = 40_000
ROUNDS = 150
# Below so many rows half the rounds in steps twice as long, and a quarter of the bins, rank as well at half the CPU.
SMALL_ROWS = 10_000
SMALL_ROUNDS = 75
SMALL_BINS = 63
BUYERS_AT_LEAST = 100
# of buyers, while trees learn: one order far above all others would speak for everybody who shares a leaf with its buyer
CUT_ABOVE = 0.995
LEAST_SHARE = 1e-3  # of the mean amount: the least a member of a geometric mean may say
_WINDOWS = (7, 28, 90, 182, 365)
_SMALL_TREES = {
    "max_leaf_nodes": 8, "min_samples_leaf": 40, "l2_regularization": 5.0, "max_features": 0.3,
    "early_stopping": False,
}  # fmt: skip


@dataclass(frozen=True)
class PastRate:
    """The past goes on: the amount of the window nearest in length, scaled to the horizon by the time the customer is known."""

    column: str
    window_days: int
    horizon_days: int

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Return the expected amount, never negative, shape (n_customers,)."""
        known = np.clip(
            features["tenure_days"].to_numpy(dtype=float), min(self.horizon_days, self.window_days), self.window_days
        )
        return np.maximum(features[self.column].to_numpy(dtype=float), 0.0) * self.horizon_days / known


@dataclass(frozen=True)
class BuyTillYouDie:
    """MBG/NBD purchase days, times the orders or the Gamma-Gamma spend of such a day."""

    counts: MBGNBD
    spend: GammaGamma | None
    orders_per_day: float
    horizon_days: int

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Return the expected amount, shape (n_customers,)."""
        x, last, age = (
            features[name].to_numpy(dtype=float) for name in ("repeat_days", "first_to_last_days", "tenure_days")
        )
        days = self.counts.expected_purchases(self.horizon_days, x, recency=last, T=age)
        if self.spend is None:
            return days * self.orders_per_day
        return days * self.spend.expected_spend(x, features["monetary_mean_amount"].fillna(0.0).to_numpy(dtype=float))


@dataclass(frozen=True)
class LabelFree:
    """Purchase histories alone: closed form and past window in equal parts (see `lifetime_value.py`)."""

    model: PurchaseHistoryValue
    target: str
    horizon_days: int
    factors: dict[str, float]

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Return the expected amount, shape (n_customers,)."""
        return self.model.predict(features, self.horizon_days, factors=self.factors)[self.target].to_numpy()


@dataclass(frozen=True)
class Boosting:
    """Gradient boosting: the geometric mean of a Poisson model and, for amounts, of P(buys) x amount of those who buy.

    On eight origins of three shops the mean of both ranked as well as the better one (nGini within .001), never as badly as
    the worse.
    """

    columns: tuple[str, ...]
    mean: HistGradientBoostingRegressor
    buys: HistGradientBoostingClassifier | None
    paid: HistGradientBoostingRegressor | None
    unit: float

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Return the expected amount, shape (n_customers,)."""
        return in_blocks(self._amounts, features[list(self.columns)].to_numpy(dtype=float)) * self.unit

    def _amounts(self, rows: np.ndarray) -> np.ndarray:
        values = signed_log1p(rows)
        mean = self.mean.predict(values)
        if self.buys is None or self.paid is None:
            return mean
        return np.sqrt(mean * self.buys.predict_proba(values)[:, 1] * self.paid.predict(values))


@dataclass(frozen=True)
class Mixture:
    """Geometric mean of the boosting and of purchase histories: the one knows more, the other needs less."""

    boosting: Boosting
    histories: BuyTillYouDie

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Return the expected amount, shape (n_customers,)."""
        least = LEAST_SHARE * self.boosting.unit
        first, second = (np.maximum(part.predict(features), least) for part in (self.boosting, self.histories))
        return np.sqrt(first * second)


Member = PastRate | BuyTillYouDie | LabelFree | Boosting | Mixture


def fit_members(
    names: Sequence[str],
    target: str,
    sample: pd.DataFrame,
    *,
    columns: Sequence[str],
    horizon_days: int,
    seed: int,
    rows_at_most: int = ROWS_AT_MOST,
    rounds: int | None = None,
) -> dict[str, Member]:
    """Return the named ways fitted on `sample`; without those whose purchase histories the data do not determine.

    `rounds` of the trees: None chooses by the size of the sample.
    """
    newest = sample[sample["as_of"] == sample["as_of"].max()]
    found: dict[str, Member] = {}
    if BASELINE in names:
        found[BASELINE] = _past_rate(target, horizon_days)
    histories = None
    try:
        if LABEL_FREE in names:
            model = PurchaseHistoryValue.fit(newest)
            found[LABEL_FREE] = LabelFree(model, target, horizon_days, model.past_factors(newest, horizon_days))
        if HISTORIES in names or MIXTURE in names:
            histories = _histories(target, newest, horizon_days)
    except FitFailedError:
        histories = None  # the ways that need it are absent from the result
    if histories is not None and HISTORIES in names:
        found[HISTORIES] = histories
    if BOOSTING in names or MIXTURE in names:
        if len(sample) > rows_at_most:
            sample = sample.sample(rows_at_most, random_state=seed)
        boosting = _boosting(target, sample, columns, {"random_state": seed, **_steps(rounds, len(sample))})
        if BOOSTING in names:
            found[BOOSTING] = boosting
        if MIXTURE in names and histories is not None:
            found[MIXTURE] = Mixture(boosting, histories)
    return found


def _past_rate(target: str, horizon_days: int) -> PastRate:
    window = min(_WINDOWS, key=lambda days: abs(np.log(days / horizon_days)))
    measure = "orders" if target == "expected_orders" else "net_amount"
    return PastRate(f"{measure}_{window}d", window, horizon_days)


def _histories(target: str, newest: pd.DataFrame, horizon_days: int) -> BuyTillYouDie:
    """Fit on one snapshot's histories; labels are not used. Raises FitFailedError where they do not determine it."""
    x, last, age = (newest[key].to_numpy(dtype=float) for key in ("repeat_days", "first_to_last_days", "tenure_days"))
    counts = MBGNBD.fit(x, last, T=age)
    if target == "expected_orders":
        return BuyTillYouDie(counts, None, float(newest["orders_count"].sum() / (x + 1).sum()), horizon_days)
    paid = newest[(newest["repeat_days"] > 0) & (newest["monetary_mean_amount"] > 0)]
    spend = GammaGamma.fit(
        paid["repeat_days"].to_numpy(dtype=float), paid["monetary_mean_amount"].to_numpy(dtype=float)
    )
    return BuyTillYouDie(counts, spend, 1.0, horizon_days)


def _steps(rounds: int | None, rows: int) -> dict[str, float]:
    """Rounds, step and bins of the trees; fewer rounds take longer steps."""
    small = rows < SMALL_ROWS
    taken = rounds or (SMALL_ROUNDS if small else ROUNDS)
    return {"max_iter": taken, "learning_rate": 7.5 / taken, **({"max_bins": SMALL_BINS} if small else {})}


def without_outliers(amounts: np.ndarray) -> np.ndarray:
    """Amounts (n,), none negative, those above the 99.5 % quantile of the positive ones cut to it; same shape.

    A wholesale order teaches trees a group of customers who each spend a share of it. What the cut takes off the total in the
    usual window is given back to everybody (`_given_back`).
    """
    paid = amounts[amounts > 0]
    return amounts if len(paid) == 0 else np.minimum(amounts, np.quantile(paid, CUT_ABOVE))


def _boosting(target: str, sample: pd.DataFrame, columns: Sequence[str], steps: dict) -> Boosting:
    # a column without any value tells nothing, and scikit-learn's binning cannot take it
    known = tuple(name for name in columns if sample[name].notna().any())
    values = signed_log1p(sample[list(known)].to_numpy(dtype=float))
    actual = np.maximum(sample[TARGETS[target]].to_numpy(dtype=float), 0.0)
    if target == "expected_spend":
        actual = without_outliers(actual)
    unit = float(actual.mean()) or 1.0
    trees = {**_SMALL_TREES, **steps}
    mean = HistGradientBoostingRegressor(loss="poisson", **trees).fit(values, actual / unit)
    bought = actual > 0
    if target == "expected_orders":
        return Boosting(known, mean, None, None, unit)
    if bought.all() or bought.sum() < BUYERS_AT_LEAST:
        return _given_back(Boosting(known, mean, None, None, unit), sample)
    buys = HistGradientBoostingClassifier(**trees).fit(values, bought)
    paid = HistGradientBoostingRegressor(loss="gamma", **trees).fit(values[bought], actual[bought] / unit)
    return _given_back(Boosting(known, mean, buys, paid, unit), sample)


def _given_back(fitted: Boosting, sample: pd.DataFrame) -> Boosting:
    """The same boosting, raised to expect the mean of the windows in `sample`, which it was fitted on.

    A geometric mean of two models says less than either, and the cut takes the largest amounts away. What the cut takes is the
    median share of all origins: the one window with an order above all others must not speak for every window to come.
    """
    whole = np.maximum(sample[TARGETS["expected_spend"]].to_numpy(dtype=float), 0.0)
    cut = without_outliers(whole)
    said = float(fitted.predict(sample).sum())
    totals = pd.DataFrame({"whole": whole, "cut": cut}).groupby(sample["as_of"].to_numpy()).sum()
    spent = totals[totals["cut"] > 0]
    if spent.empty or said <= 0:
        return fitted
    usual = float((spent["whole"] / spent["cut"]).median())
    return replace(fitted, unit=fitted.unit * usual * float(cut.sum()) / said)
