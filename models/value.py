"""Expected paid orders and net spend of each customer in a horizon, chosen and judged out of time.

Belongs here: the choice among the ways to foresee an amount, its level, and how it did on a later snapshot. Does not belong
here: the ways themselves (`value_members.py`), their levels (`value_level.py`), what the measures mean (`evaluation.py`),
which snapshots there are (`horizons.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from models.evaluation import Comparison, RankedOutcomes, compare, value_measures
from models.threads import one_thread, side_by_side
from models.value_level import LEVELS_OWN, Trial, level_of, level_weights
from models.value_members import (
    BASELINE,
    BOOSTING,
    BUYERS_AT_LEAST,
    HISTORIES,
    LABEL_FREE,
    MIXTURE,
    TARGETS,
    Member,
    fit_members,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

CANDIDATES = (BASELINE, HISTORIES, BOOSTING, MIXTURE)
PAIRED = ("ngini", "mae")
JUDGED = "trellis"  # in measures: the chosen candidate with its level
NGINI_TOLERANCE = 0.003
TRIALS_AT_MOST = 3
TRIAL_ROWS = 20_000
TRIAL_ROUNDS = 50  # in longer steps: the choice and the level need no more
CHUNK_ROWS = 50_000


@dataclass(frozen=True)
class TrainedValue:
    """The chosen predictor of each target with its level, refitted on all closed origins, and how it was judged.

    `metrics` is JSON-able: target -> chosen, level, test measures of every candidate with intervals, test origin, customers;
    `ngini_gain` and `mae_gain` of a candidate: by how much what ships ("trellis") is better, with the paired interval.
    `is_fallback` says that there was too little data to choose, and why stands in `reason`. `comparisons`: target -> the measures
    on the test origin with their draws, from which means over origins are made; empty where nobody was there to test on.
    """

    members: dict[str, Member]
    levels: dict[str, float]
    metrics: dict[str, dict]
    is_fallback: bool
    reason: str | None
    comparisons: dict[str, Comparison] = field(default_factory=dict)

    def predict(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return expected_orders and expected_spend, both finite and not negative, in the rows of `features`."""

        def foreseen(start: int) -> pd.DataFrame:
            part = features.iloc[start : start + CHUNK_ROWS]
            amounts = {target: member.predict(part) * self.levels[target] for target, member in self.members.items()}
            return pd.DataFrame(amounts, index=part.index).clip(lower=0.0)

        # every customer is foreseen from the own row alone
        return pd.concat(side_by_side(foreseen, range(0, max(1, len(features)), CHUNK_ROWS)))


def train_value(
    samples: pd.DataFrame,
    *,
    horizon_days: int,
    feature_columns: Sequence[str],
    test_as_of: date,
    customers: Sequence[str] | None = None,
    seed: int = 0,
) -> TrainedValue:
    """Choose, judge and refit a predictor of orders and one of spend.

    `samples` holds one row per customer with an order and origin: `as_of`, the features, `future_orders_count`,
    `future_net_amount`. On up to three earlier origins a horizon apart, each foreseen from the origins closed by
    then, the candidate with the largest mean normalised Gini is chosen (the boosting within 0.003 of it), and what
    its total comes from (`value_level.py`); where no origin can be foreseen so, the mixture. The test origin only
    judges. Then the chosen candidate is refitted on all origins, with the test origin as one more trial of the level.
    With fewer than 100 buyers at the newest training origin, the forecast that needs no labels stands in, unlevelled:
    past spend going on would take every first order for a habit (Olist, 90 d from 2018-05-01: total 87 times too
    high; this 17 % too low). `customers`: the user_ids of several origins, sorted, among whom resamples draw (None: those of the
    test origin), so that the same customers are drawn at each of these origins.
    """
    origin = pd.Timestamp(test_as_of)
    stamps = pd.to_datetime(samples["as_of"])
    past, test = samples[stamps < origin], samples[stamps == origin]
    build = {"columns": feature_columns, "horizon_days": horizon_days, "seed": seed}
    newest = past["as_of"].max() if len(past) else None
    recent = past[past["as_of"] == newest]
    buyers = int((recent["future_orders_count"] > 0).sum())
    tried = _trial_origins(past, horizon_days)
    short = None
    if buyers < BUYERS_AT_LEAST:
        short = f"{past['as_of'].nunique()} training origins, {buyers} buyers in the newest; purchase histories alone foresee"
    members, levels, metrics, comparisons = {}, {}, {}, {}
    with one_thread():
        for target in TARGETS:
            if short:
                tested = fit_members([BASELINE, LABEL_FREE], target, past if len(past) else samples, **build)
                chosen, level, sources = LABEL_FREE, 1.0, {LEVELS_OWN: 1.0}
                members[target] = fit_members([LABEL_FREE], target, samples, **build)[LABEL_FREE]
                levels[target] = 1.0
            else:
                trials = [_trial(target, past, when, build) for when in tried]
                tested = fit_members(CANDIDATES, target, past, **build)
                chosen = _choose(trials, tested)
                sources = level_weights(trials, chosen)
                level = level_of(sources, tested, chosen, test, trials)
                if len(test):
                    trials.append(_seen(target, tested, test))
                final = fit_members([HISTORIES, chosen], target, samples, **build)
                members[target] = final[chosen]
                levels[target] = level_of(level_weights(trials, chosen), final, chosen, test, trials)
            if len(test):
                comparisons[target] = _judge(target, tested, (chosen, level), test, customers, seed)
            metrics[target] = {
                "chosen": chosen,
                "test_as_of": str(origin.date()),
                "customers": len(test),
                "level": level,
                "level_from": {name: round(weight, 3) for name, weight in sources.items()},
                "measures": measures_of(comparisons[target]) if len(test) else {},
            }
    return TrainedValue(members, levels, metrics, short is not None, short, comparisons)


def measures_of(comparison: Comparison) -> dict[str, dict[str, list[float]]]:
    """Predictor -> measure -> [value, low, high], with the gains (`<measure>_gain`) of what ships over every candidate."""
    found = {name: dict(measures) for name, measures in comparison.measures.items()}
    for name in found:
        if name != JUDGED:
            found[name] |= {f"{key}_gain": comparison.improvement(JUDGED, name, measure=key) for key in PAIRED}
    return {
        name: {key: [interval.value, interval.low, interval.high] for key, interval in measures.items()}
        for name, measures in found.items()
    }


def _trial_origins(past: pd.DataFrame, horizon_days: int) -> list[pd.Timestamp]:
    """Origins that can be foreseen from earlier closed ones, at least a horizon apart, oldest first."""
    horizon = pd.Timedelta(days=horizon_days)
    origins = sorted(pd.to_datetime(past["as_of"]).unique())
    found: list[pd.Timestamp] = []
    for when in reversed(origins):
        apart = not found or when <= found[-1] - horizon
        if apart and origins[0] <= when - horizon and len(found) < TRIALS_AT_MOST:
            found.append(when)
    return found[::-1]


def _trial(target: str, past: pd.DataFrame, when: pd.Timestamp, build: dict) -> Trial:
    stamps = pd.to_datetime(past["as_of"])
    closed = past[stamps <= when - pd.Timedelta(days=build["horizon_days"])]
    fitted = fit_members(CANDIDATES, target, closed, **build, rows_at_most=TRIAL_ROWS, rounds=TRIAL_ROUNDS)
    return _seen(target, fitted, past[stamps == when])


def _seen(target: str, members: dict[str, Member], later: pd.DataFrame) -> Trial:
    actual = np.maximum(later[TARGETS[target]].to_numpy(dtype=float), 0.0)
    predictions = {name: member.predict(later) for name, member in members.items()}
    ranked = {name: RankedOutcomes(actual, predicted) for name, predicted in predictions.items()}
    return Trial(
        actual=float(actual.sum()),
        predicted={name: float(predicted.sum()) for name, predicted in predictions.items()},
        measures={name: value_measures(outcomes) for name, outcomes in ranked.items()},
    )


def _choose(trials: list[Trial], fitted: Mapping[str, Member]) -> str:
    """The candidate with the largest mean nGini of the trials, the boosting where it is near; untried, the mixture."""
    if not trials:
        return MIXTURE if MIXTURE in fitted else BOOSTING
    names = [name for name in CANDIDATES if name in fitted and all(name in trial.measures for trial in trials)]
    mean = {name: float(np.nanmean([trial.measures[name]["ngini"] for trial in trials])) for name in names}
    best = max(names, key=lambda name: mean[name])
    # trials train on fewer rows and origins than the model that counts, which the boosting feels most
    return BOOSTING if mean[BOOSTING] >= mean[best] - NGINI_TOLERANCE else best


def _judge(
    target: str,
    tested: Mapping[str, Member],
    shipped: tuple[str, float],
    test: pd.DataFrame,
    customers: Sequence[str] | None,
    seed: int,
) -> Comparison:
    """Every candidate and what ships, the candidate `shipped[0]` times the level `shipped[1]`, on the test rows."""
    actual = np.maximum(test[TARGETS[target]].to_numpy(dtype=float), 0.0)
    predictions = {name: member.predict(test) for name, member in tested.items()}
    predictions[JUDGED] = predictions[shipped[0]] * shipped[1]
    place = None if customers is None else pd.Index(customers).get_indexer(pd.Index(test["user_id"]))
    count = None if customers is None else len(customers)
    return compare(actual, predictions, kind="value", seed=seed, customers=place, customers_count=count)
