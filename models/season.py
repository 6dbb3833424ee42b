"""Season: the level of a model, corrected by what happened in the same days of the year before.

Belongs here: the shift, the guard on history, the choice whether to shift. Does not belong here: calibration on the newest closed
window (`calibration.py`), which goes before.

Why: a model calibrated on November's window keeps November's level in January. Its mean one year earlier, compared with what then
happened, tells by how much the season moves the level. With too short a history before that window, or with features that were
not recorded yet, the difference tells about the history instead of the season: then there is no shift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit

from models.calibration import logit, shift_to_mean

if TYPE_CHECKING:
    from models.propensity import PropensityModel

YEAR_DAYS = 364  # whole weeks: the same weekdays in both windows
HISTORY_AT_LEAST_DAYS = 182
KNOWN_SHARE_KEPT = 0.5
SHIFT_AT_MOST = 2.0  # log odds; a season that moves more is something else
CASES_AT_LEAST = 200
HARM_BEYOND = 0.001


@dataclass(frozen=True, slots=True)
class SeasonShift:
    """How much is added to the log odds of a model (0 = no shift), what was found at `origin`, and why in words.

    `candidate`: the shift that the year before asks for, also where an earlier origin speaks against applying it.
    """

    shift: float
    candidate: float
    origin: str | None
    reason: str


NO_HISTORY = SeasonShift(0.0, 0.0, None, "no shift: less than half a year of data before the window one year earlier")
NO_MODEL = SeasonShift(0.0, 0.0, None, "no shift: a rule learns no season")


def season_origin(as_of: date) -> date:
    """The origin one year (52 weeks) earlier."""
    return as_of - timedelta(days=YEAR_DAYS)


def has_history(first_date: date, as_of: date) -> bool:
    """Whether the data begin at least half a year before the window one year earlier."""
    return season_origin(as_of) - first_date >= timedelta(days=HISTORY_AT_LEAST_DAYS)


def season_origins(first_date: date, test_as_of: date, *, horizon_days: int) -> list[date]:
    """The three origins a training needs: one year before the test origin, before the scoring date, and before the newest
    training origin, on which the shift is tried first. Empty where the history is too short for any of them.
    """
    horizon = timedelta(days=horizon_days)
    if not has_history(first_date, test_as_of - horizon):
        return []
    return [season_origin(origin) for origin in (test_as_of - horizon, test_as_of, test_as_of + horizon)]


def unrecorded_features(then: pd.DataFrame, now: pd.DataFrame, features: Sequence[str]) -> list[str]:
    """Features that vary now, but were constant then, or known for less than half as large a share of the rows."""
    missing = []
    for name in features:
        old, new = then[name].to_numpy(dtype=np.float64), now[name].to_numpy(dtype=np.float64)
        known_old, known_new = old[np.isfinite(old)], new[np.isfinite(new)]
        if len(known_new) == 0 or known_new.min() == known_new.max():
            continue
        share_old, share_new = len(known_old) / max(1, len(old)), len(known_new) / len(new)
        if share_old < KNOWN_SHARE_KEPT * share_new or known_old.min() == known_old.max():
            missing.append(name)
    return missing


def level_shift(probability: np.ndarray, outcome: np.ndarray) -> float:
    """What must be added to the log odds (n,) so that their mean probability equals the observed share (n,) 0/1."""
    return shift_to_mean(logit(probability), float(np.mean(outcome)), at_most=SHIFT_AT_MOST)


def moved(probability: np.ndarray, shift: float) -> np.ndarray:
    """Probabilities (n,) with `shift` added to their log odds."""
    return expit(logit(probability) + shift) if shift else probability


def is_harmful(probability: np.ndarray, outcome: np.ndarray, shift: float) -> tuple[bool, float, float]:
    """Whether a shift makes the log loss of probabilities (n,) worse by more than 0.001; and the loss without and with it."""
    score, truth = logit(probability), np.asarray(outcome, dtype=np.float64)
    without, with_shift = (float(np.mean(np.logaddexp(0.0, own) - truth * own)) for own in (score, score + shift))
    return with_shift > without + HARM_BEYOND, without, with_shift


def learn_shift(
    probability: np.ndarray,
    outcome: np.ndarray,
    *,
    origin: str,
    missing: Sequence[str],
    trial: tuple[bool, float, float] | None,
) -> SeasonShift:
    """The shift that a model's probabilities (n,) one year earlier and what then happened (n,) ask for, if nothing forbids it.

    `missing`: features that were not recorded then; `trial`: what the shift did at an earlier origin (`is_harmful`), None
    where there was none to try it on.
    """
    if missing:
        named = ", ".join(list(missing)[:3])
        return SeasonShift(
            0.0, 0.0, origin, f"no shift: {len(missing)} features were not recorded at {origin} ({named})"
        )
    if len(outcome) < CASES_AT_LEAST:
        return SeasonShift(0.0, 0.0, origin, f"no shift: only {len(outcome)} people at {origin}")
    found = level_shift(probability, outcome)
    told = (
        f"at {origin} the model's mean is {float(np.mean(probability)):.3f} and {float(np.mean(outcome)):.3f} came true"
    )
    if trial is None:
        return SeasonShift(0.0, found, origin, f"no shift: no earlier origin to try it on ({told})")
    if trial[0]:
        return SeasonShift(
            0.0,
            found,
            origin,
            f"no shift: it hurt at the origin before (log loss {trial[1]:.4f} to {trial[2]:.4f}; {told})",
        )
    return SeasonShift(found, found, origin, f"log odds {found:+.3f}: {told}")


def shifted(model: PropensityModel, shift: float) -> PropensityModel:
    """The same model with its level moved by `shift` log odds (in place, and returned)."""
    model.platt_ = replace(model.platt_, intercept=model.platt_.intercept + shift)
    return model
