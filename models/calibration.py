"""Calibration of a score on labelled outcomes it was not fitted on: Platt scaling and the logit it works on.

Belongs here: turning a ranking score into a probability. Does not belong here: measuring how well calibrated a
probability is (`evaluation.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

PROBABILITY_FLOOR = 1e-6
_ITERATIONS = 50
_STEPS = 60
_RIDGE = 1e-6  # keeps Newton's step finite when the score separates the classes perfectly


def logit(probability: np.ndarray) -> np.ndarray:
    """Log odds of probabilities clipped to [1e-6, 1 - 1e-6]; same shape."""
    clipped = np.clip(probability, PROBABILITY_FLOOR, 1.0 - PROBABILITY_FLOOR)
    return np.log(clipped) - np.log1p(-clipped)


def shift_to_mean(score: np.ndarray, share: float, *, at_most: float) -> float:
    """What must be added to log odds (n,) so that their mean probability equals `share`; between -at_most and at_most."""
    low, high = -at_most, at_most
    for _ in range(_STEPS):  # the mean rises with the shift: halving finds it
        middle = (low + high) / 2.0
        low, high = (middle, high) if float(expit(score + middle).mean()) < share else (low, middle)
    return (low + high) / 2.0


@dataclass(frozen=True, slots=True)
class PlattScaling:
    """probability = 1 / (1 + exp(-(slope * score + intercept))); never reverses the order (slope >= 0)."""

    slope: float = 1.0
    intercept: float = 0.0

    def probability(self, score: np.ndarray) -> np.ndarray:
        """Calibrated probabilities of log-odds scores; same shape."""
        return expit(self.slope * score + self.intercept)


def fit_platt(score: np.ndarray, outcome: np.ndarray) -> PlattScaling:
    """Maximum-likelihood Platt scaling of log-odds scores (n,) on 0/1 outcomes (n,), with Platt's smoothed targets.

    Source: J. Platt (1999); targets (n1 + 1)/(n1 + 2) and 1/(n0 + 2) keep the slope finite on separable data.
    A score that ranks against the outcome gets slope 0: everybody the prevalence. Raises ValueError for one class only.
    """
    positives = int(outcome.sum())
    negatives = len(outcome) - positives
    if positives == 0 or negatives == 0:
        raise ValueError(f"calibration needs both outcomes; got {positives} positives and {negatives} negatives")
    target = np.where(outcome == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    slope, intercept = 1.0, 0.0
    for _ in range(_ITERATIONS):
        probability = expit(slope * score + intercept)
        weight = probability * (1.0 - probability)
        residual = target - probability
        gradient = np.array([residual @ score, residual.sum()])
        hessian = np.array([[weight @ score**2, weight @ score], [weight @ score, weight.sum()]])
        step = np.linalg.solve(hessian + _RIDGE * np.eye(2), gradient)
        step *= min(1.0, 5.0 / max(1e-12, float(np.abs(step).max())))  # far from the optimum a full step overshoots
        slope, intercept = slope + float(step[0]), intercept + float(step[1])
        if np.abs(step).max() < 1e-8:
            break
    if slope < 0.0:
        return PlattScaling(slope=0.0, intercept=float(logit(np.array(target.mean()))))
    return PlattScaling(slope=slope, intercept=intercept)
