"""Expected paid orders and net spend of each customer in a horizon, chosen and judged out of time.

Belongs here: the three ways to foresee an amount and the choice among them. Does not belong here: the fits themselves
(`btyd.py`, `gamma_gamma.py`), what the measures mean (`evaluation.py`), which snapshots there are (`horizons.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

from models.btyd import MBGNBD
from models.evaluation import RankedOutcomes, compare, value_measures
from models.gamma_gamma import GammaGamma
from models.lifetime_value import PurchaseHistoryValue
from models.likelihood import FitFailedError
from models.preparation import signed_log1p
from models.threads import few_threads

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

TARGETS = {"expected_orders": "future_orders_count", "expected_spend": "future_net_amount"}
BASELINE = "past_spend"
LABEL_FREE = "history"
ROWS_AT_MOST = 120_000
BUYERS_AT_LEAST = 100
NGINI_TOLERANCE = 0.002
_WINDOWS = (7, 28, 90, 182, 365)


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
    """Gradient boosting with Poisson deviance: mean of a heavy-tailed amount that is often zero."""

    columns: tuple[str, ...]
    trees: HistGradientBoostingRegressor
    unit: float

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Return the expected amount, shape (n_customers,)."""
        return self.trees.predict(signed_log1p(features[list(self.columns)].to_numpy(dtype=float))) * self.unit


Member = PastRate | BuyTillYouDie | LabelFree | Boosting


Candidate = PastRate | BuyTillYouDie | LabelFree | Boosting


@dataclass(frozen=True)
class TrainedValue:
    """The chosen predictor of each target with its level, refitted on all closed origins, and how it was judged.

    `metrics` is JSON-able: target -> chosen, level, test measures of every candidate with intervals, test origin, customers.
    `is_fallback` says that there was too little data to choose, and why stands in `reason`.
    """

    members: dict[str, Member]
    levels: dict[str, float]
    metrics: dict[str, dict]
    is_fallback: bool
    reason: str | None

    def predict(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return expected_orders and expected_spend, both finite and not negative, in the rows of `features`."""
        columns = {}
        for target, member in self.members.items():
            columns[target] = np.maximum(member.predict(features) * self.levels[target], 0.0)
        return pd.DataFrame(columns, index=features.index)


def _past_rate(target: str, horizon_days: int) -> PastRate:
    window = min(_WINDOWS, key=lambda days: abs(np.log(days / horizon_days)))
    measure = "orders" if target == "expected_orders" else "net_amount"
    return PastRate(f"{measure}_{window}d", window, horizon_days)


def _fit(
    name: str, target: str, sample: pd.DataFrame, *, columns: Sequence[str], horizon_days: int, seed: int
) -> Candidate:
    """Fit one candidate. Raises FitFailedError where buy-till-you-die is not determined by the data."""
    if name == BASELINE:
        return _past_rate(target, horizon_days)
    newest = sample[sample["as_of"] == sample["as_of"].max()]
    if name == LABEL_FREE:
        model = PurchaseHistoryValue.fit(newest)
        return LabelFree(model, target, horizon_days, model.past_factors(newest, horizon_days))
    if name == "btyd":
        x, last, age = (
            newest[key].to_numpy(dtype=float) for key in ("repeat_days", "first_to_last_days", "tenure_days")
        )
        counts = MBGNBD.fit(x, last, T=age)
        if target == "expected_orders":
            return BuyTillYouDie(counts, None, float(newest["orders_count"].sum() / (x + 1).sum()), horizon_days)
        paid = newest[(newest["repeat_days"] > 0) & (newest["monetary_mean_amount"] > 0)]
        spend = GammaGamma.fit(
            paid["repeat_days"].to_numpy(dtype=float), paid["monetary_mean_amount"].to_numpy(dtype=float)
        )
        return BuyTillYouDie(counts, spend, 1.0, horizon_days)
    if len(sample) > ROWS_AT_MOST:
        sample = sample.sample(ROWS_AT_MOST, random_state=seed)
    # a column without any value tells nothing, and scikit-learn's binning cannot take it
    known = tuple(name for name in columns if sample[name].notna().any())
    actual = np.maximum(sample[TARGETS[target]].to_numpy(dtype=float), 0.0)
    unit = float(actual.mean()) or 1.0
    trees = HistGradientBoostingRegressor(
        loss="poisson", learning_rate=0.05, max_iter=150, max_leaf_nodes=8, min_samples_leaf=40, l2_regularization=5.0,
        early_stopping=False, random_state=seed,  # pyright: ignore[reportArgumentType] documented as "auto" or bool
    ).fit(signed_log1p(sample[list(known)].to_numpy(dtype=float)), actual / unit)  # fmt: skip
    return Boosting(known, trees, unit)


def train_value(
    samples: pd.DataFrame, *, horizon_days: int, feature_columns: Sequence[str], test_as_of: date, seed: int = 0
) -> TrainedValue:
    """Choose, judge and refit a predictor of orders and one of spend.

    `samples` holds one row per customer with an order and origin: `as_of`, the features, `future_orders_count`,
    `future_net_amount`. Origins before `test_as_of` train; the newest of them chooses the candidate (largest normalised Gini
    on it; within 0.002 the one with the smaller bias) and sets its level; the test origin only judges. Then the chosen
    candidate is refitted on all origins, its level taken from the test origin. With fewer than two training origins, or fewer
    than 100 buyers in the newest, the forecast that needs no labels stands in, unlevelled: past spend going on would take every
    first order for a habit (Olist, 90 d from 2018-05-01: total 87 times too high; this 17 % too low).
    """
    origin = pd.Timestamp(test_as_of)
    stamps = pd.to_datetime(samples["as_of"])
    past, test = samples[stamps < origin], samples[stamps == origin]
    newest = past["as_of"].max() if len(past) else None
    older, recent = past[past["as_of"] != newest], past[past["as_of"] == newest]
    # the older windows must have closed when the newest training window opens
    if newest is not None:
        older = older[pd.to_datetime(older["as_of"]) <= pd.Timestamp(newest) - pd.Timedelta(days=horizon_days)]
    buyers = int((recent["future_orders_count"] > 0).sum()) if len(recent) else 0
    short = None
    if older.empty or buyers < BUYERS_AT_LEAST:
        short = f"{past['as_of'].nunique()} training origins, {buyers} buyers in the newest; purchase histories alone foresee"
    members, levels, metrics = {}, {}, {}
    with few_threads():
        for target in TARGETS:
            build = {"columns": feature_columns, "horizon_days": horizon_days, "seed": seed}
            names = [BASELINE, LABEL_FREE] if short else [BASELINE, "btyd", "boosting"]
            early = {} if short else _fit_all(names, target, older, build)
            chosen = LABEL_FREE if short else _choose(target, early, recent)
            level = 1.0 if short else _level(target, early[chosen], recent)
            tested = _fit_all(names, target, past if len(past) else samples, build)
            metrics[target] = {
                "chosen": chosen,
                "test_as_of": str(origin.date()),
                "customers": len(test),
                "level": level,
                "measures": _judge(target, tested, chosen, level, test, seed),
            }
            members[target] = _fit(chosen, target, samples, **build)
            levels[target] = 1.0 if short or test.empty else _level(target, tested[chosen], test)
    return TrainedValue(members, levels, metrics, short is not None, short)


def _fit_all(names: list[str], target: str, sample: pd.DataFrame, build: dict) -> dict[str, Member]:
    """Return the fitted candidates; buy-till-you-die is none where the data do not determine it."""
    found = {}
    for name in names:
        try:
            found[name] = _fit(name, target, sample, **build)
        except FitFailedError:
            continue
    return found


def _choose(target: str, candidates: dict[str, Member], recent: pd.DataFrame) -> str:
    actual = np.maximum(recent[TARGETS[target]].to_numpy(dtype=float), 0.0)
    found = {
        name: value_measures(RankedOutcomes(actual, member.predict(recent))) for name, member in candidates.items()
    }
    best = max(measures["ngini"] for measures in found.values())
    close = [name for name, measures in found.items() if measures["ngini"] >= best - NGINI_TOLERANCE]
    return min(close, key=lambda name: abs(found[name]["bias"]))


def _level(target: str, member: Member, recent: pd.DataFrame) -> float:
    """Return actual over predicted total, between a half and two: the trend that a customer's features do not show."""
    predicted = float(member.predict(recent).sum())
    actual = float(recent[TARGETS[target]].sum())
    return float(np.clip(actual / predicted, 0.5, 2.0)) if predicted > 0 and actual > 0 else 1.0


def _judge(target: str, tested: dict, chosen: str, level: float, test: pd.DataFrame, seed: int) -> dict:
    if test.empty:
        return {}
    actual = np.maximum(test[TARGETS[target]].to_numpy(dtype=float), 0.0)
    predictions = {name: member.predict(test) for name, member in tested.items()}
    predictions["trellis"] = predictions[chosen] * level
    comparison = compare(actual, predictions, kind="value", seed=seed)
    return {
        name: {key: [interval.value, interval.low, interval.high] for key, interval in measures.items()}
        for name, measures in comparison.measures.items()
    }
