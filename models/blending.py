"""Blending: how much each member of the propensity counts, and the calibration of their mix.

Belongs here: choosing weights on rows the members were not fitted on. Does not belong here: the members (`propensity.py`),
the calibration's own formula (`calibration.py`).
"""

from __future__ import annotations

from itertools import product

import numpy as np

from models.calibration import PlattScaling, fit_platt

MEMBERS = ("linear", "boosting", "forest")
EQUAL_WEIGHTS = (1 / 3, 1 / 3, 1 / 3)
# Quarters of the simplex: fine enough to drop a member that hurts, too coarse to fit noise.
_WEIGHT_GRID = tuple(
    (first / 4, second / 4, (4 - first - second) / 4)
    for first, second in product(range(5), repeat=2)
    if first + second <= 4
)


def choose_blend(scores: np.ndarray, outcome: np.ndarray) -> tuple[dict[str, float], PlattScaling]:
    """Weights and calibration with the least log loss on held-out rows; equal weights win where the gain is noise.

    A gain counts from 2 / n (two free weights on n rows, Akaike 1974), at least 1e-4.
    """
    found = []
    for weights in (EQUAL_WEIGHTS, *_WEIGHT_GRID):
        score = scores @ np.array(weights)
        platt = fit_platt(score, outcome)
        found.append((_log_loss(platt.slope * score + platt.intercept, outcome), weights, platt))
    equal, best = found[0], min(found, key=lambda candidate: candidate[0])
    _, weights, platt = best if equal[0] - best[0] > max(1e-4, 2.0 / len(outcome)) else equal
    return dict(zip(MEMBERS, weights, strict=True)), platt


def _log_loss(score: np.ndarray, outcome: np.ndarray) -> float:
    """Mean negative log likelihood of log-odds scores."""
    return float(np.mean(np.logaddexp(0.0, score) - outcome * score))
