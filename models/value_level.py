"""The level of a forecast: where the total of all customers' expected amounts comes from.

Belongs here: the three sources of a total and the choice among them by how they did on earlier origins. Does not belong
here: who of the customers is expected to spend more (`value_members.py`).

A model of past windows expects the mean of those windows again; purchase histories expect the mean of the whole past; a trend
expects the newest window's error again. Measured as root mean square of log(predicted / actual) on 7 to 14 origins each:
Complete Journey 56 d .067, .030, .079; Online Retail 28 d .16, .35, .18; Ta Feng 28 d .57, .07, .65. No source is the best
everywhere, so each shop's own past decides. None knows a season that it has not seen.
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


def choose_level(trials: list[Trial], chosen: str) -> str:
    """Return the source of the total with the least root mean square log error on the trials (oldest first).

    All sources are compared on the same trials; the trend needs the one before each, so it takes part from three trials on.
    With one trial the totals of purchase histories are taken, as one window says nothing of how levels move and the
    histories hold the whole past. Its own where there is no trial (then the mixture is half histories) or where purchase
    histories could not be fitted.
    """
    if not trials or not all(HISTORIES in trial.predicted for trial in trials):
        return LEVELS_OWN
    if len(trials) < TRIALS_AT_LEAST:
        return LEVELS_HISTORIES
    own = np.array([trial.error(chosen) for trial in trials])
    errors = {LEVELS_OWN: own, LEVELS_HISTORIES: np.array([trial.error(HISTORIES) for trial in trials])}
    if len(trials) > TRIALS_AT_LEAST:
        errors = {name: found[1:] for name, found in errors.items()}
        errors[LEVELS_TREND] = own[1:] - own[:-1]
    return min(errors, key=lambda name: float(np.mean(errors[name] ** 2)))


def level_of(
    source: str, members: Mapping[str, Member], chosen: str, customers: pd.DataFrame, trials: list[Trial]
) -> float:
    """Return the factor on the chosen candidate's amounts, between a half and two; labels of `customers` are not used."""
    if source == LEVELS_TREND:
        return float(np.clip(np.exp(-trials[-1].error(chosen)), 1 / LIMIT, LIMIT))
    if source == LEVELS_OWN or HISTORIES not in members or customers.empty:
        return 1.0
    own, histories = (float(members[name].predict(customers).sum()) for name in (chosen, HISTORIES))
    return float(np.clip(histories / own, 1 / LIMIT, LIMIT)) if own > 0 and histories > 0 else 1.0
