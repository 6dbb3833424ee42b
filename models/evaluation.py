"""Measures of a prediction on the future, with bootstrap intervals: ranking, calibration, value.

Belongs here: what a number means, for propensities (0/1 outcomes) and amounts. Does not belong here: which snapshot is
the future (`training.py`) or how a model card shows it (`model_card.py`).

Every measure takes whole-number row weights, so a bootstrap resample of customers is a weight vector and one sort of the
scores serves all resamples. Rows with equal scores are one group: no measure depends on the order of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

BINS = 10
TOP_SHARE = 0.1
RESAMPLES = 300
LOWER_IS_BETTER = frozenset({"brier", "ece", "decile_mape", "mae"})


@dataclass(frozen=True, slots=True)
class Interval:
    """A measure with its bootstrap 95 % interval; NaN where a measure is undefined (one class only)."""

    value: float
    low: float
    high: float


class RankedOutcomes:
    """Outcomes grouped by score, largest first, so that weighted measures cost one pass each.

    Parameters
    ----------
    truth
        0/1 outcomes or amounts, shape (n_samples,).
    score
        Predictions, shape (n_samples,): probabilities, amounts, or any ranking score. Finite.
    """

    def __init__(self, truth: np.ndarray, score: np.ndarray) -> None:
        truth, score = np.asarray(truth, dtype=np.float64), np.asarray(score, dtype=np.float64)
        if truth.shape != score.shape or truth.ndim != 1 or len(truth) == 0:
            raise ValueError(f"truth {truth.shape} and score {score.shape} must be equal, one-dimensional, not empty")
        if not (np.isfinite(truth).all() and np.isfinite(score).all()):
            bad = int((~np.isfinite(truth) | ~np.isfinite(score)).sum())
            raise ValueError(f"{bad} of {len(truth)} rows have a missing or infinite outcome or score")
        self._order = np.argsort(-score, kind="stable")
        self.truth, self.score = truth[self._order], score[self._order]
        self.squared_error, self.absolute_error = (self.score - self.truth) ** 2, np.abs(self.score - self.truth)
        self._starts = np.flatnonzero(np.r_[True, np.diff(self.score) != 0])

    def groups(self, weight: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Row weights in score order; and by group of equal score: weight, weighted truth, weighted score.

        A group that a resample left out has weight 0 and adds nothing to any measure.
        """
        weights = np.ones(len(self.truth)) if weight is None else np.asarray(weight, dtype=np.float64)[self._order]
        truth, score = weights * self.truth, weights * self.score
        if len(self._starts) == len(weights):  # no ties: every row is its own group
            return weights, weights, truth, score
        size, truth, score = (np.add.reduceat(part, self._starts) for part in (weights, truth, score))
        return weights, size, truth, score

    @cached_property
    def by_truth(self) -> RankedOutcomes:
        """The same rows, in score order, ranked by their own outcome: the perfect prediction."""
        return RankedOutcomes(self.truth, self.truth)


def probability_measures(ranked: RankedOutcomes, weight: np.ndarray | None = None) -> dict[str, float]:
    """Measures of probabilities against 0/1 outcomes: prevalence, auc, pr_auc, brier, brier_skill, ece, lift, capture.

    pr_auc is average precision; brier_skill = 1 - brier / (p (1 - p)) with prevalence p; ece uses 10 equal-count bins;
    lift_at_10 = precision among the top tenth / prevalence; capture_at_10 = share of the positives there. Customers tied
    at the edge of the top tenth count in proportion.
    """
    weights, size, positive, scored = ranked.groups(weight)
    total, positives = size.sum(), positive.sum()
    negatives = total - positives
    brier = float(weights @ ranked.squared_error / total)
    prevalence = float(positives / total)
    both = positives > 0 and negatives > 0
    found, seen = np.cumsum(positive), np.cumsum(size)
    precision = found / np.maximum(seen, 1.0)  # weights are whole: below 1 there is nobody yet
    captured = float(_within_top(seen, found) / positives) if positives > 0 else np.nan
    return {
        "prevalence": prevalence,
        "auc": float((size - positive) @ (found - positive / 2) / (positives * negatives)) if both else np.nan,
        "pr_auc": float(positive @ precision / positives) if positives > 0 else np.nan,
        "brier": brier,
        "brier_skill": 1.0 - brier / (prevalence * (1.0 - prevalence)) if both else np.nan,
        "ece": _calibration_error(size, positive, scored),
        "lift_at_10": captured / TOP_SHARE,
        "capture_at_10": captured,
    }


def value_measures(ranked: RankedOutcomes, weight: np.ndarray | None = None) -> dict[str, float]:
    """Measures of predicted amounts: ngini, decile_mape, bias, mae, mean_actual.

    ngini = Gini of the actual amounts ranked by the prediction / Gini ranked by themselves. bias = total predicted / total
    actual - 1. decile_mape = sum over ten equal-count bins by prediction of |predicted - actual| / total actual: the
    deciles' absolute percentage errors weighted by what they spent, defined also where a decile spent nothing. mae never
    stands alone: a median loss underestimated totals by up to 71 %.
    """
    weights, size, actual, predicted = ranked.groups(weight)
    total = float(actual.sum())
    _, own_size, own_actual, _ = ranked.by_truth.groups(weights)
    best = _gini(own_size, own_actual)
    bins = _equal_count_bins(size)
    gap = np.abs(np.bincount(bins, predicted, BINS) - np.bincount(bins, actual, BINS)).sum()
    return {
        "ngini": _gini(size, actual) / best if best > 0 else np.nan,
        "decile_mape": float(gap / total) if total > 0 else np.nan,
        "bias": float(predicted.sum() / total - 1.0) if total > 0 else np.nan,
        "mae": float(weights @ ranked.absolute_error / weights.sum()),
        "mean_actual": float(total / weights.sum()),
    }


def calibration_table(outcome: np.ndarray, probability: np.ndarray) -> pd.DataFrame:
    """One row per equal-count bin, lowest probabilities first: bin, customers, mean_probability, observed_share."""
    _, size, positive, scored = RankedOutcomes(outcome, probability).groups(None)
    bins = BINS - 1 - _equal_count_bins(size)
    count = np.bincount(bins, size, BINS)
    used = count > 0
    return pd.DataFrame(
        {
            "bin": np.flatnonzero(used) + 1,
            "customers": count[used].astype("int64"),
            "mean_probability": np.bincount(bins, scored, BINS)[used] / count[used],
            "observed_share": np.bincount(bins, positive, BINS)[used] / count[used],
        }
    )


def _within_top(seen: np.ndarray, found: np.ndarray) -> float:
    """Positives within the top tenth of the customers seen, a tied edge group counted in proportion."""
    edge = TOP_SHARE * seen[-1]
    group = int(np.searchsorted(seen, edge))
    before_seen, before_found = (seen[group - 1], found[group - 1]) if group else (0.0, 0.0)
    return float(before_found + (found[group] - before_found) * (edge - before_seen) / (seen[group] - before_seen))


def _equal_count_bins(size: np.ndarray) -> np.ndarray:
    """Bin 0..9 of each group in score order: a group of tied rows goes where its middle falls, undivided."""
    middle = np.cumsum(size)
    middle -= size / 2
    middle *= BINS / size.sum()
    return np.minimum(BINS - 1, middle.astype(np.int64))


def _calibration_error(size: np.ndarray, positive: np.ndarray, scored: np.ndarray) -> float:
    """Expected calibration error: mean over customers of |mean probability - observed share| of their bin."""
    bins = _equal_count_bins(size)
    return float(np.abs(np.bincount(bins, scored, BINS) - np.bincount(bins, positive, BINS)).sum() / size.sum())


def _gini(size: np.ndarray, actual: np.ndarray) -> float:
    """Twice the area between the concentration curve (largest score first) and the diagonal; NaN if nothing was spent."""
    total = actual.sum()
    if total <= 0:
        return np.nan
    captured = np.cumsum(actual) / total
    before = captured - actual / total
    return float(size @ (captured + before) / size.sum() - 1.0)


_MEASURES = {"probability": probability_measures, "value": value_measures}


@dataclass(frozen=True)
class Comparison:
    """Measures of several predictions on the same customers, and their bootstrap draws for paired claims.

    `measures[name][measure]` is an Interval; `draws[name][measure]` has shape (resamples,), one resample in the same
    position for every name.
    """

    measures: dict[str, dict[str, Interval]]
    draws: dict[str, dict[str, np.ndarray]]

    def improvement(self, name: str, baseline: str, *, measure: str) -> Interval:
        """By how much `name` is better than `baseline` on one measure; a claim needs `low` above 0."""
        sign = -1.0 if measure in LOWER_IS_BETTER else 1.0
        difference = sign * (self.draws[name][measure] - self.draws[baseline][measure])
        value = sign * (self.measures[name][measure].value - self.measures[baseline][measure].value)
        return percentile_interval(value, difference)


def compare(
    truth: np.ndarray,
    predictions: Mapping[str, np.ndarray],
    *,
    kind: str,
    seed: int,
    resamples: int = RESAMPLES,
    customers: np.ndarray | None = None,
    customers_count: int | None = None,
) -> Comparison:
    """Measure every prediction (n_samples,) on the same customers, with 95 % intervals of customer resamples.

    `kind` is "probability" (0/1 truth) or "value" (amounts). Percentile bootstrap; all predictions see the same
    resamples, so differences are paired. A row is a customer of its own, unless `customers` (n_samples,) gives the place of
    each row's customer among `customers_count`: then customers are drawn, and equal seeds draw the same ones elsewhere too.
    """
    if kind not in _MEASURES:
        raise ValueError(f"kind {kind!r} is unknown; use one of {', '.join(_MEASURES)}")
    measure = _MEASURES[kind]
    ranked = {name: RankedOutcomes(truth, score) for name, score in predictions.items()}
    points = {name: measure(outcomes) for name, outcomes in ranked.items()}
    draws = {name: {key: np.full(resamples, np.nan) for key in point} for name, point in points.items()}
    rng = np.random.default_rng(seed)
    drawn = len(np.asarray(truth)) if customers_count is None else customers_count
    with threadpool_limits(limits=1):  # thousands of short products: a second thread only waits
        for resample in range(resamples):
            weight = np.bincount(rng.integers(0, drawn, drawn), minlength=drawn)
            if customers is not None:
                weight = weight[customers]
                if not weight.any():  # nobody of this origin was drawn: nothing is defined
                    continue
            for name, outcomes in ranked.items():
                for key, value in measure(outcomes, weight).items():
                    draws[name][key][resample] = value
    measures = {
        name: {key: percentile_interval(value, draws[name][key]) for key, value in point.items()}
        for name, point in points.items()
    }
    return Comparison(measures=measures, draws=draws)


def average(comparisons: Sequence[Comparison]) -> Comparison:
    """Measures of the predictions that all comparisons share, each comparison weighing the same.

    Draws are averaged position by position: where every comparison drew the same customers in the same position (`customers` of
    `compare`), intervals of means and of paired gains in means hold.
    """
    first = comparisons[0]
    shared = [name for name in first.measures if all(name in other.measures for other in comparisons)]
    draws = {
        name: {
            measure: np.mean([other.draws[name][measure] for other in comparisons], axis=0)
            for measure in first.draws[name]
        }
        for name in shared
    }
    measures = {
        name: {
            measure: percentile_interval(
                float(np.mean([other.measures[name][measure].value for other in comparisons])), drawn
            )
            for measure, drawn in draws[name].items()
        }
        for name in shared
    }
    return Comparison(measures, draws)


def percentile_interval(value: float, draws: np.ndarray) -> Interval:
    """Percentile interval of the draws in which the measure is defined."""
    defined = draws[np.isfinite(draws)]
    if len(defined) == 0:
        return Interval(value=value, low=np.nan, high=np.nan)
    low, high = np.quantile(defined, [0.025, 0.975])
    return Interval(value=float(value), low=float(low), high=float(high))
