"""Gamma-Gamma: the mean spend per purchase of each customer, shrunk towards the shop's mean.

Belongs here: spend per purchase. Does not belong here: how many purchases (`btyd.py`), the value they make together
(`value.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln

from models.likelihood import FitFailedError, maximise

MIN_CUSTOMERS = 20
# p, q - 1, v (in mean spends): q stays above 1.05 because the population mean p v / (q - 1) must exist.
_BOUNDS = ((1e-2, 1e3), (0.05, 1e3), (1e-3, 1e4))
_STARTS = ((1.0, 2.0, 2.0), (5.0, 3.0, 1.0))


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """Spend of a purchase ~ Gamma(p, rate), rate ~ Gamma(q, v); v in currency. Build it with `GammaGamma.fit`."""

    p: float
    q: float
    v: float

    @classmethod
    def fit(cls, purchases: np.ndarray, mean_spend: np.ndarray) -> GammaGamma:
        """Fit on customers with purchases >= 1 and mean_spend > 0 (currency per purchase); others are refused.

        Source: Fader, Hardie, Lee (2005), "RFM and CLV". Raises FitFailedError where the data do not determine it.
        """
        x, m = _checked(purchases, mean_spend)
        if ((x < 1) | (m <= 0)).any():
            raise ValueError(
                f"{int(((x < 1) | (m <= 0)).sum())} of {len(x)} customers have no purchase or no positive mean spend; "
                "fit on the others"
            )
        if len(x) < MIN_CUSTOMERS:
            raise FitFailedError(
                f"Gamma-Gamma: {len(x)} customers with spend; needs {MIN_CUSTOMERS}: use the mean spend"
            )
        unit = float(m.mean())
        found = maximise(
            lambda at: log_likelihood(np.array([at[0], 1.0 + at[1], at[2]]), x, mean_spend=m / unit),
            _STARTS,
            bounds=_BOUNDS,
            what=f"Gamma-Gamma on {len(x)} customers",
        )
        return cls(p=float(found[0]), q=1.0 + float(found[1]), v=float(found[2]) * unit)

    def expected_spend(self, purchases: np.ndarray, mean_spend: np.ndarray) -> np.ndarray:
        """Expected spend of the next purchase, currency, shape (n_customers,): p (v + x m) / (p x + q - 1).

        A customer whose mean spend is zero or negative (all refunded) counts as one who spent nothing in x purchases.
        """
        x, m = _checked(purchases, mean_spend)
        return self.p * (self.v + x * np.maximum(m, 0.0)) / (self.p * x + self.q - 1.0)


def log_likelihood(
    parameters: np.ndarray, purchases: np.ndarray, *, mean_spend: np.ndarray
) -> tuple[float, np.ndarray]:
    """Log likelihood of the customers' mean spends and its gradient in (p, q, v)."""
    p, q, v = parameters
    x, m = purchases, mean_spend
    distinct, position = np.unique(x, return_inverse=True)
    log_total, log_sum = np.log(x * m), np.log(v + x * m)
    special = gammaln(p * distinct + q) - gammaln(p * distinct) - gammaln(q) + q * np.log(v)
    value = float(np.sum(special[position] + p * x * log_total - np.log(m) - (p * x + q) * log_sum))
    slope = digamma(p * distinct + q)
    gradient = np.array(
        [
            np.sum(x * ((slope - digamma(p * distinct))[position] + log_total - log_sum)),
            np.sum((slope - digamma(q))[position] + np.log(v) - log_sum),
            np.sum(q / v - (p * x + q) / (v + x * m)),
        ]
    )
    return value, gradient


def _checked(purchases: np.ndarray, mean_spend: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, m = np.asarray(purchases, dtype=np.float64), np.asarray(mean_spend, dtype=np.float64)
    if x.shape != m.shape or x.ndim != 1 or not np.isfinite(x + m).all():
        raise ValueError(f"purchases {x.shape} and mean_spend {m.shape} must be equal, one-dimensional and finite")
    return x, m
