"""Intervals of shares. What a share is of whom belongs to the report that shows it."""

import numpy as np
import numpy.typing as npt

_Z95 = 1.959963984540054


def wilson_interval(
    successes: npt.ArrayLike, trials: npt.ArrayLike, *, quantile: float = _Z95
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return lower and upper end of the Wilson score interval of successes / trials; NaN where nothing was tried.

    Wilson (1927), Journal of the American Statistical Association 22, 209-212; 95 % unless another normal quantile is given.
    """
    k, n = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = (k + quantile**2 / 2) / (n + quantile**2)
        half = quantile * np.sqrt(k * (n - k) / n + quantile**2 / 4) / (n + quantile**2)
        # at none and at all the end is exact, give or take a rounding
        low, high = np.clip(middle - half, 0, k / n), np.clip(middle + half, k / n, 1)
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)
