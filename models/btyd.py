"""Buy-till-you-die: the MBG/NBD model of repeat purchases, floor and fallback of every propensity.

Belongs here: its likelihood and what follows from it. Does not belong here: spend per purchase (`gamma_gamma.py`), the RFM
segmentation (`rfm.py`). Words: frequency x = days with a purchase after the first purchase day; recency t_x = days from
the first to the last purchase day; T = days from the first purchase day to as_of. One row per customer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.special import betaln, digamma, expit, gammaln

from models.likelihood import FitFailedError, maximise

MIN_CUSTOMERS = 20
_QUADRATURE_NODES = 24
_SEARCH_GROUPS = 20_000
# r, alpha (in mean customer ages), a, b: far outside what any published fit needs, inside what floats survive.
_BOUNDS = ((1e-2, 1e2), (1e-4, 1e3), (1e-3, 1e2), (1e-3, 1e3))
_STARTS = ((0.5, 0.2, 0.5, 2.0), (2.0, 0.2, 0.1, 5.0), (0.3, 0.05, 2.0, 2.0))


@dataclass(frozen=True, slots=True)
class PurchaseHistories:
    """Sufficient statistics: distinct (frequency, recency, T) triples and how many customers have each; (n_groups,)."""

    frequency: np.ndarray
    recency: np.ndarray
    T: np.ndarray
    customers: np.ndarray

    @classmethod
    def from_customers(cls, frequency: np.ndarray, recency: np.ndarray, *, T: np.ndarray) -> PurchaseHistories:
        """Group equal triples; one million customers become some hundred thousand rows at most."""
        triples = np.column_stack(check_histories(frequency, recency, T=T))
        order = np.lexsort(triples.T)
        ordered = triples[order]
        first = np.r_[True, (np.diff(ordered, axis=0) != 0).any(axis=1)] if len(ordered) else np.zeros(0, dtype=bool)
        starts = np.flatnonzero(first)
        count = np.diff(np.r_[starts, len(ordered)]).astype(np.float64)
        distinct = ordered[starts]
        return cls(distinct[:, 0], distinct[:, 1], distinct[:, 2], count)


def check_histories(
    frequency: np.ndarray, recency: np.ndarray, *, T: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three columns as doubles; ValueError with a count when 0 <= t_x <= T, T > 0, t_x = 0 iff x = 0 is broken."""
    x, t_x, age = (np.asarray(part, dtype=np.float64) for part in (frequency, recency, T))
    if not (x.shape == t_x.shape == age.shape and x.ndim == 1):
        raise ValueError(
            f"frequency {x.shape}, recency {t_x.shape} and T {age.shape} must be equal and one-dimensional"
        )
    broken = ~((x >= 0) & (t_x >= 0) & (t_x <= age) & (age > 0) & ((x > 0) == (t_x > 0)) & np.isfinite(x + t_x + age))
    if broken.any():
        raise ValueError(
            f"{int(broken.sum())} of {len(x)} purchase histories are impossible (need 0 <= recency <= T, T > 0, and "
            "recency 0 exactly when frequency is 0; all in days); check repeat_days, first_to_last_days, tenure_days"
        )
    return x, t_x, age


def log_likelihood(parameters: np.ndarray, histories: PurchaseHistories) -> tuple[float, np.ndarray]:
    """MBG/NBD log likelihood of all customers and its gradient in (r, alpha, a, b).

    Source: Batislam, Denizel, Filiztekin (2007); Hoppe & Wagner (2007). A customer may drop out after every purchase, the
    first included, so a one-time buyer is not alive by construction (as in BG/NBD).
    """
    r, alpha, a, b = parameters
    x, weight = histories.frequency, histories.customers
    # Special functions depend on x alone: evaluate them once for each distinct value.
    distinct, position = np.unique(x, return_inverse=True)
    both = digamma(a + b) - digamma(a + b + distinct + 1)
    shared = gammaln(r + distinct) - gammaln(r) + gammaln(b + distinct) - gammaln(a + b + distinct + 1)
    shared += gammaln(a) - betaln(a, b) + r * np.log(alpha)
    log_age, log_last = np.log(alpha + histories.T), np.log(alpha + histories.recency)
    alive = np.log(b + x) - (r + x) * log_age
    dead = np.log(a) - (r + x) * log_last
    value = float(weight @ (shared[position] + np.logaddexp(alive, dead)))
    w = expit(dead - alive)
    gradient = np.array(
        [
            weight
            @ ((digamma(r + distinct) - digamma(r))[position] + np.log(alpha) - (1 - w) * log_age - w * log_last),
            weight @ (r / alpha - (r + x) * ((1 - w) / (alpha + histories.T) + w / (alpha + histories.recency))),
            weight @ (both[position] + w / a),
            weight @ ((digamma(b + distinct) - digamma(b) + both)[position] + (1 - w) / (b + x)),
        ]
    )
    return value, gradient


@dataclass(frozen=True, slots=True)
class MBGNBD:
    """A fitted MBG/NBD model: purchase rate ~ Gamma(r, alpha per day), drop-out after each purchase ~ Beta(a, b).

    Build it with `MBGNBD.fit`. All predictions take one value per customer and return shape (n_customers,).
    """

    r: float
    alpha: float
    a: float
    b: float

    @classmethod
    def fit(cls, frequency: np.ndarray, recency: np.ndarray, *, T: np.ndarray) -> MBGNBD:
        """Fit on the histories of all customers, in days. Raises FitFailedError where the data do not determine it."""
        histories = PurchaseHistories.from_customers(frequency, recency, T=T)
        customers, repeaters = histories.customers.sum(), histories.customers[histories.frequency > 0].sum()
        if customers < MIN_CUSTOMERS or repeaters == 0:
            raise FitFailedError(
                f"MBG/NBD: {customers:.0f} customers, {repeaters:.0f} with a repeat purchase; needs {MIN_CUSTOMERS} and "
                "at least 1: use the recency rule instead"
            )
        unit = float(histories.customers @ histories.T / customers)  # the mean age, so that all parameters are near 1
        scaled = PurchaseHistories(
            histories.frequency, histories.recency / unit, histories.T / unit, histories.customers
        )
        thin = slice(None, None, 1 + len(scaled.T) // _SEARCH_GROUPS)
        few = PurchaseHistories(scaled.frequency[thin], scaled.recency[thin], scaled.T[thin], scaled.customers[thin])
        what = f"MBG/NBD on {customers:.0f} customers"
        start = maximise(lambda at: log_likelihood(at, few), _STARTS, bounds=_BOUNDS, what=what)
        found = maximise(lambda at: log_likelihood(at, scaled), [start], bounds=_BOUNDS, what=what)
        return cls(r=float(found[0]), alpha=float(found[1]) * unit, a=float(found[2]), b=float(found[3]))

    def probability_alive(self, frequency: np.ndarray, recency: np.ndarray, *, T: np.ndarray) -> np.ndarray:
        """Probability that the customer has not dropped out at as_of. Not a churn score: use `probability_purchase`."""
        x, t_x, age = check_histories(frequency, recency, T=T)
        log_odds_dead = np.log(self.a / (self.b + x)) + (self.r + x) * np.log((self.alpha + age) / (self.alpha + t_x))
        return expit(-log_odds_dead)

    def probability_purchase(
        self, horizon_days: float, frequency: np.ndarray, *, recency: np.ndarray, T: np.ndarray
    ) -> np.ndarray:
        """Probability of at least one purchase in the next `horizon_days`.

        P(alive) (1 - ((alpha + T) / (alpha + T + N))^(r + x)): alive now, and a first purchase within N days of a
        gamma-distributed rate. Drop-out happens only after a purchase, so it cannot come before the first one.
        """
        x, _, age = check_histories(frequency, recency, T=T)
        silent = (self.r + x) * (np.log(self.alpha + age) - np.log(self.alpha + age + horizon_days))
        return self.probability_alive(frequency, recency, T=T) * -np.expm1(silent)

    def expected_purchases(
        self, horizon_days: float, frequency: np.ndarray, *, recency: np.ndarray, T: np.ndarray
    ) -> np.ndarray:
        """Expected number of purchase days in the next `horizon_days`; always finite.

        An alive customer with rate l and drop-out p makes (1 - exp(-l p N)) / p purchases on average. The gamma mean
        over l is closed; the mean over p ~ Beta(a, b + x + 1) is a Gauss-Jacobi sum, which needs no a > 1 as the
        textbook's hypergeometric form does.
        """
        x, _, age = check_histories(frequency, recency, T=T)
        purchases = np.empty(len(x))
        for value in np.unique(x):
            rows = x == value
            node, weight = _beta_quadrature(self.a, self.b + value + 1.0)
            reach = horizon_days / (self.alpha + age[rows])
            silent = -(self.r + value) * np.log1p(np.outer(reach, node))
            purchases[rows] = (-np.expm1(silent) / node) @ weight
        return purchases * self.probability_alive(frequency, recency, T=T)


def _beta_quadrature(a: float, b: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes in (0, 1) and weights summing to 1 of the Gauss rule for Beta(a, b) (Golub & Welsch 1969).

    scipy's roots_jacobi returns weights scaled by 2^(a + b) B(a, b), which overflows for customers with 1,000 purchases.
    """
    left, right = b - 1.0, a - 1.0  # Jacobi exponents of (1 - z) and (1 + z), z = 2 p - 1
    total = left + right
    k = np.arange(1, _QUADRATURE_NODES, dtype=np.float64)
    # The general terms are 0/0 at k = 0 when a + b = 2, and at k = 1 when a + b = 1: those two are written out.
    diagonal = np.r_[(right - left) / (total + 2), (right**2 - left**2) / ((2 * k + total) * (2 * k + total + 2))]
    first = 4 * (1 + left) * (1 + right) / ((2 + total) ** 2 * (3 + total))
    k = k[1:]
    off = 4 * k * (k + left) * (k + right) * (k + total) / ((2 * k + total) ** 2 * ((2 * k + total) ** 2 - 1))
    off = np.r_[first, off]
    node, vector = eigh_tridiagonal(diagonal, np.sqrt(off))
    return np.clip((node + 1.0) / 2.0, 1e-300, 1.0), vector[0] ** 2
