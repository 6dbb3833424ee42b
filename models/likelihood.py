"""Bounded maximum likelihood of positive parameters: several starts, a finite check, an exception instead of junk.

Belongs here: the optimiser call that the buy-till-you-die models share. Does not belong here: any likelihood.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

# Standard deviation of a zero-centred normal prior on each log parameter. One such term against thousands of customers
# matters only where the likelihood is flat: there lifetimes and pymc-marketing run to a = b = 0 without a word.
PRIOR_DEVIATION = 4.0

Objective = Callable[[np.ndarray], tuple[float, np.ndarray]]


class FitFailedError(RuntimeError):
    """The data do not determine the model: no finite optimum was found. Callers fall back to a rule and say so."""


def maximise(
    log_likelihood: Objective,
    starts: Sequence[Sequence[float] | np.ndarray],
    *,
    bounds: Sequence[tuple[float, float]],
    what: str,
) -> np.ndarray:
    """Positive parameters with the largest penalised log likelihood over all starts; shape (n_parameters,).

    `log_likelihood` maps parameters to its value and gradient, both in the parameters themselves; the search runs on
    their logarithms inside `bounds` (L-BFGS-B). Raises FitFailedError, naming `what`, when no start ends finite.
    """
    log_bounds = [(float(np.log(low)), float(np.log(high))) for low, high in bounds]

    def objective(log_parameters: np.ndarray) -> tuple[float, np.ndarray]:
        parameters = np.exp(log_parameters)
        value, gradient = log_likelihood(parameters)
        penalty = 0.5 * np.sum((log_parameters / PRIOR_DEVIATION) ** 2)
        return -value + penalty, -gradient * parameters + log_parameters / PRIOR_DEVIATION**2

    best_value, best = np.inf, None
    reasons = []
    for start in starts:
        with threadpool_limits(limits=1):  # short products: a second thread only waits
            found = minimize(objective, np.log(start), jac=True, method="L-BFGS-B", bounds=log_bounds)
        if np.isfinite(found.fun) and np.isfinite(found.x).all():
            if found.fun < best_value:
                best_value, best = float(found.fun), np.exp(found.x)
        else:
            reasons.append(str(found.message))
    if best is None:
        raise FitFailedError(
            f"{what}: no finite optimum from {len(starts)} starts ({'; '.join(reasons)}); use a rule instead"
        )
    return best
