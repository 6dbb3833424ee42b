"""Backtest of one origin: every prediction measured on the same customers, as a whole and by group, with its curves.

Belongs here: what a backtest says about one origin, and about several together. Does not belong here: samples and the choice
of origins (`assets/backtest.py`), the protocol of one origin (`judging.py`), what a measure means (`evaluation.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.evaluation import (
    RESAMPLES,
    Comparison,
    Interval,
    RankedOutcomes,
    average,
    calibration_table,
    compare,
)
from models.judging import MODEL, JudgedPropensity
from models.rfm import rfm_personas
from models.value import JUDGED, TrainedValue, measures_of

MEAN = "mean"
PAIRED = ("auc", "pr_auc", "brier")
RANKING_ONLY = frozenset({"recency rule", "RFM score"})
RANKING_MEASURES = frozenset({"auc", "pr_auc", "lift_at_10", "capture_at_10", "prevalence"})
GROUP_MEASURES = ("prevalence", "auc", "brier", "ece", "lift_at_10")
GROUP_AT_LEAST = 100
REST = "groups under 100 users"
CURVE_POINTS = 20
_TENURE_EDGES = (0, 30, 90, 180, 365, np.inf)
_TENURE_NAMES = ("under 30 days", "30 to 89 days", "90 to 179 days", "180 to 364 days", "365 days and more")
MEASURE_COLUMNS = (
    "outcome", "horizon_days", "origin", "predictor", "dimension", "dimension_value", "measure", "users_count", "estimate",
    "estimate_low", "estimate_high",
)  # fmt: skip
CURVE_COLUMNS = ("outcome", "horizon_days", "origin", "predictor", "curve", "bin", "users_count", "curve_x", "curve_y")


@dataclass(frozen=True)
class JudgedOrigin:
    """What one origin showed: measures and curves as rows, and the paired draws from which means over origins are made.

    `measures`: one row per predictor, dimension, group and measure, with a 95 % interval (columns `MEASURE_COLUMNS`);
    `curves`: one row per predictor, curve and bin (columns `CURVE_COLUMNS`).
    """

    outcome: str
    horizon_days: int
    origin: str
    users: int
    comparison: Comparison
    measures: pd.DataFrame
    curves: pd.DataFrame
    too_thin: str | None


def judge_origin(
    judged: JudgedPropensity,
    *,
    customers: Sequence[str],
    channels: Mapping[str, str],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> JudgedOrigin:
    """Measure every prediction of one origin: whole, by persona, channel and tenure; reliability, gain and lift curves.

    `customers`: the user_ids of all origins, sorted; a resample draws among them, so the same customers are drawn at every
    origin and means over origins keep their paired intervals. `channels`: user_id -> acquisition channel.
    """
    task, origin = judged.task, str(judged.test["as_of"].iloc[0].date())
    place = pd.Index(customers).get_indexer(pd.Index(judged.test["user_id"]))
    comparison = compare(
        judged.truth, judged.predictions, kind="probability", seed=seed, resamples=resamples,
        customers=place, customers_count=len(customers),
    )  # fmt: skip
    about = {"outcome": task.outcome, "horizon_days": task.horizon_days, "origin": origin}
    rows = _comparison_rows(comparison, users=len(judged.test))
    for dimension, values in _groups(judged.test, channels).items():
        rows += _group_rows(judged, dimension, values, seed=seed, resamples=resamples)
    curves = [row for name in judged.predictions for row in _curve_rows(name, judged.truth, judged.predictions[name])]
    return JudgedOrigin(
        task.outcome, task.horizon_days, origin, len(judged.test), comparison,
        pd.DataFrame([{**about, **row} for row in rows])[list(MEASURE_COLUMNS)],
        pd.DataFrame([{**about, **row} for row in curves])[list(CURVE_COLUMNS)],
        judged.too_thin,
    )  # fmt: skip


def mean_over_origins(origins: Sequence[JudgedOrigin]) -> pd.DataFrame:
    """Measures of one outcome and horizon averaged over its origins, each origin weighing the same, with paired intervals.

    Columns `MEASURE_COLUMNS`, origin "mean", users_count = tested rows together. Predictors that some origin lacks (MBG/NBD
    where its fit failed) are left out of the mean.
    """
    whole = average([origin.comparison for origin in origins])
    rows = _comparison_rows(whole, users=sum(origin.users for origin in origins))
    about = {"outcome": origins[0].outcome, "horizon_days": origins[0].horizon_days, "origin": MEAN}
    return pd.DataFrame([{**about, **row} for row in rows])[list(MEASURE_COLUMNS)]


def value_rows(metrics: Mapping[str, Any], *, horizon_days: int) -> pd.DataFrame:
    """Measures of expected orders and spend of one origin, as `TrainedValue.metrics` holds them, in `MEASURE_COLUMNS`."""
    rows = []
    for target, found in metrics.items():
        about = {
            "outcome": target, "horizon_days": horizon_days, "origin": found["test_as_of"], "dimension": "all",
            "dimension_value": "all", "users_count": found["customers"],
        }  # fmt: skip
        for predictor, measures in found["measures"].items():
            rows += [
                {**about, "predictor": MODEL if predictor == JUDGED else predictor.replace("_", " "),
                 "measure": name, "estimate": value, "estimate_low": low, "estimate_high": high}
                for name, (value, low, high) in measures.items()
            ]  # fmt: skip
    return pd.DataFrame(rows, columns=pd.Index(MEASURE_COLUMNS))


def mean_of_values(origins: Sequence[TrainedValue], *, horizon_days: int) -> pd.DataFrame:
    """Value measures averaged over origins, with paired intervals, of the predictors that every origin has.

    The origins must have been judged with the same `customers`. Columns `MEASURE_COLUMNS`, origin "mean"; a target that some
    origin could not be tested on has no rows.
    """
    means = {}
    for target in origins[0].metrics:
        tested = [origin.comparisons[target] for origin in origins if target in origin.comparisons]
        if len(tested) == len(origins):
            people = sum(origin.metrics[target]["customers"] for origin in origins)
            means[target] = {"test_as_of": MEAN, "customers": people, "measures": measures_of(average(tested))}
    return value_rows(means, horizon_days=horizon_days)


def _comparison_rows(comparison: Comparison, *, users: int) -> list[dict[str, Any]]:
    """Rows of the whole population, and by how much the model is better than each other prediction (`<measure>_gain`)."""
    rows = []
    whole = {"dimension": "all", "dimension_value": "all", "users_count": users}
    for name, measures in comparison.measures.items():
        shown = {key: found for key, found in measures.items() if name not in RANKING_ONLY or key in RANKING_MEASURES}
        if name != MODEL:
            for measure in PAIRED:
                if measure in shown:
                    shown[f"{measure}_gain"] = comparison.improvement(MODEL, name, measure=measure)
        rows += [{**whole, "predictor": name, "measure": key, **_estimate(found)} for key, found in shown.items()]
    return rows


def _groups(test: pd.DataFrame, channels: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Dimension -> group of each test row; groups under 100 rows are put together."""
    persona = pd.Series("never ordered", index=test.index)
    ordered = (test["orders_count"] >= 1).to_numpy()
    if ordered.any():
        columns = ["user_id", "recency_days", "orders_count", "net_amount_365d"]
        persona[ordered] = rfm_personas(test.loc[ordered, columns])["persona"].to_numpy()
    tenure = pd.cut(test["tenure_days"].astype(float), list(_TENURE_EDGES), right=False, labels=list(_TENURE_NAMES))
    found = {
        "persona": persona,
        "channel": pd.Series([channels.get(user, "unknown") for user in test["user_id"]], index=test.index),
        "tenure": tenure.astype("object").where(tenure.notna(), "never ordered"),
    }
    grouped = {}
    for dimension, values in found.items():
        size = values.map(values.value_counts())
        grouped[dimension] = values.where(size >= GROUP_AT_LEAST, REST).to_numpy(dtype=object)
    return grouped


def _group_rows(
    judged: JudgedPropensity, dimension: str, values: np.ndarray, *, seed: int, resamples: int
) -> list[dict[str, Any]]:
    rows = []
    for group in sorted(set(values)):
        inside = values == group
        found = compare(
            judged.truth[inside], {MODEL: judged.predictions[MODEL][inside]}, kind="probability", seed=seed,
            resamples=resamples,
        )  # fmt: skip
        about = {"predictor": MODEL, "dimension": dimension, "dimension_value": group, "users_count": int(inside.sum())}
        rows += [{**about, "measure": key, **_estimate(found.measures[MODEL][key])} for key in GROUP_MEASURES]
    return rows


def _curve_rows(name: str, truth: np.ndarray, score: np.ndarray) -> list[dict[str, Any]]:
    """Reliability (probabilities only), gain and lift. Gain and lift: best scores first, ties counted in proportion."""
    rows: list[dict[str, Any]] = []
    if name not in RANKING_ONLY:
        table = calibration_table(truth, score)
        rows += [
            {"predictor": name, "curve": "reliability", "bin": int(number), "users_count": int(size), "curve_x": float(mean),
             "curve_y": float(share)}
            for number, size, mean, share in table.itertuples(index=False, name=None)
        ]  # fmt: skip
    if truth.sum() == 0:
        return rows
    _, size, positive, _ = RankedOutcomes(truth, score).groups(None)
    seen, found = np.r_[0.0, np.cumsum(size)], np.r_[0.0, np.cumsum(positive)]
    share = np.arange(1, CURVE_POINTS + 1) / CURVE_POINTS
    captured = np.interp(share * seen[-1], seen, found) / found[-1]
    for number, (part, caught) in enumerate(zip(share, captured, strict=True), start=1):
        users = round(part * seen[-1])
        point = {"predictor": name, "bin": number, "users_count": users, "curve_x": float(part)}
        rows.append({**point, "curve": "gain", "curve_y": float(caught)})
        rows.append({**point, "curve": "lift", "curve_y": float(caught / part)})
    return rows


def _estimate(found: Interval) -> dict[str, float]:
    return {"estimate": found.value, "estimate_low": found.low, "estimate_high": found.high}
