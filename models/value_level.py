"""The level of a forecast: where the total of all customers' expected amounts comes from.

Belongs here: the three sources of a total and how much each counts, by how it did on earlier origins. Does not belong
here: who of the customers is expected to spend more (`value_members.py`).

A model of past windows expects the mean of those windows again; purchase histories expect the mean of the whole past; a trend
expects the newest window's error again. No source is the best everywhere, and three trials are too few to tell which is: their
weighted mean did better than choosing the one with the least error. Root mean square of log(predicted / actual), orders and spend
by boosting together (own, histories, chosen, weighted mean): Complete Journey 28 d .041, .026, .037, .028; Online Retail 28 d
.159, .195, .170, .153; a simulated first year .082, .159, .103, .099. None knows a season that it has not seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.value_members import HISTORIES, Member

LEVELS_OWN, LEVELS_HISTORIES, LEVELS_TREND = "own", "histories", "trend"
LIMIT = 2.0  # a level moves a total by this factor at most
TRIALS_AT_LEAST = 2
LUCK = 0.01  # an error below one per cent is luck: no source gets all the weight for it


@dataclass(frozen=True)
class Trial:
    """One origin foreseen from earlier ones: total amount there, and by candidate the predicted total and its measures."""

    actual: float
    predicted: Mapping[str, float]
    measures: Mapping[str, dict[str, float]]

    def error(self, name: str) -> float:
        """log(predicted / actual) of the totals; 0 where either is not positive."""
        if self.actual <= 0 or self.predicted[name] <= 0:
            return 0.0
        return float(np.log(self.predicted[name] / self.actual))


def level_weights(trials: list[Trial], chosen: str) -> dict[str, float]:
    """Return source of the total -> weight, summing to 1: one over its mean square log error on the trials (oldest first).

    All sources are judged on the same trials; the trend needs the one before each, so it takes part from three trials on.
    With one trial the totals of purchase histories are taken, as one window says nothing of how levels move and the
    histories hold the whole past. Its own where there is no trial (then the mixture is half histories) or where purchase
    histories could not be fitted.
    """
    if not trials or not all(HISTORIES in trial.predicted for trial in trials):
        return {LEVELS_OWN: 1.0}
    if len(trials) < TRIALS_AT_LEAST:
        return {LEVELS_HISTORIES: 1.0}
    own = np.array([trial.error(chosen) for trial in trials])
    errors = {LEVELS_OWN: own, LEVELS_HISTORIES: np.array([trial.error(HISTORIES) for trial in trials])}
    if len(trials) > TRIALS_AT_LEAST:
        errors[LEVELS_TREND] = own[1:] - own[:-1]
    precision = {name: 1.0 / (float(np.mean(found**2)) + LUCK**2) for name, found in errors.items()}
    return {name: found / sum(precision.values()) for name, found in precision.items()}


def level_of(
    weights: Mapping[str, float],
    members: Mapping[str, Member],
    chosen: str,
    customers: pd.DataFrame,
    trials: list[Trial],
) -> float:
    """Return the factor on the chosen candidate's amounts, between a half and two; labels of `customers` are not used.

    The weighted geometric mean of the factors of all sources.
    """
    logs = {LEVELS_OWN: 0.0}
    if LEVELS_TREND in weights:
        logs[LEVELS_TREND] = -trials[-1].error(chosen)
    if LEVELS_HISTORIES in weights and HISTORIES in members and not customers.empty:
        own, histories = (float(members[name].predict(customers).sum()) for name in (chosen, HISTORIES))
        if own > 0 and histories > 0:
            logs[LEVELS_HISTORIES] = float(np.log(histories / own))
    factor = np.exp(sum(weight * logs.get(source, 0.0) for source, weight in weights.items()))
    return float(np.clip(factor, 1 / LIMIT, LIMIT))
