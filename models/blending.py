"""Blending: how much each member of the propensity counts, and the calibration of their mix.

Belongs here: choosing weights on rows the members were not fitted on. Does not belong here: the members (`propensity.py`),
the calibration's own formula (`calibration.py`).
"""

from __future__ import annotations

from itertools import product

import numpy as np

from models.calibration import PlattScaling, fit_platt

MEMBERS = ("linear", "boosting", "forest")
SEQUENCE = "sequence"  # a fourth member, where a sequence model has won its trial
EQUAL_WEIGHTS = (1 / 3, 1 / 3, 1 / 3)


def choose_blend(scores: np.ndarray, outcome: np.ndarray) -> tuple[dict[str, float], PlattScaling]:
    """Weights and calibration with the least log loss on held-out rows; equal weights win where the gain is noise.

    `scores`: log odds (n, 3) of `MEMBERS`, or (n, 4) with those of the sequence model last. A gain counts from one per free
    weight and row (2 / n for three members, Akaike 1974), at least 1e-4.
    """
    names = (*MEMBERS, SEQUENCE)[: scores.shape[1]]
    equally = tuple(1 / len(names) for _ in names)
    found = []
    for weights in (equally, *_quarters(len(names))):
        score = scores @ np.array(weights)
        platt = fit_platt(score, outcome)
        found.append((_log_loss(platt.slope * score + platt.intercept, outcome), weights, platt))
    equal, best = found[0], min(found, key=lambda candidate: candidate[0])
    _, weights, platt = best if equal[0] - best[0] > max(1e-4, (len(names) - 1) / len(outcome)) else equal
    return dict(zip(names, weights, strict=True)), platt


def _quarters(members: int) -> list[tuple[float, ...]]:
    """Weights in quarters that sum to 1: fine enough to drop a member that hurts, too coarse to fit noise."""
    return [tuple(part / 4 for part in parts) for parts in product(range(5), repeat=members) if sum(parts) == 4]


def _log_loss(score: np.ndarray, outcome: np.ndarray) -> float:
    """Mean negative log likelihood of log-odds scores."""
    return float(np.mean(np.logaddexp(0.0, score) - outcome * score))
