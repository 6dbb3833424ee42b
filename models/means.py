"""Intervals of a mean: resampled where groups are small and amounts are skewed, normal where sums say enough."""

import numpy as np
import numpy.typing as npt

_Z95 = 1.959963984540054
_RESAMPLES = 1_000

Numbers = npt.NDArray[np.float64]


def bootstrap_interval(values: Numbers, random: np.random.Generator) -> tuple[float, float]:
    """Return the 95 % percentile interval of the mean over 1,000 resamples; of fewer than two values there is none (nan).

    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13. The values are sorted first, so that their order
    does not matter.
    """
    if len(values) < 2:
        return float("nan"), float("nan")
    ordered = np.sort(values)
    means = np.array([ordered[random.integers(0, len(values), len(values))].mean() for _ in range(_RESAMPLES)])
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def normal_interval(count: float, total: float, squares: float) -> tuple[float, float]:
    """Return the 95 % normal interval of the mean of `count` values with this sum and sum of squares; nan below two."""
    if count < 2:
        return float("nan"), float("nan")
    mean = total / count
    half = _Z95 * float(np.sqrt(max(squares - count * mean**2, 0.0) / (count - 1) / count))
    return mean - half, mean + half
