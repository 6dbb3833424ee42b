"""Buy-till-you-die: the Pareto/NBD model, in which a customer may drop out at any moment, not only after a purchase.

Belongs here: its likelihood and what follows from it. Does not belong here: MBG/NBD and the purchase histories both share
(`btyd.py`). Words as there: frequency x, recency t_x, T; one row per customer; times in one unit, usually days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, expit, gammaln

from models.btyd import MIN_CUSTOMERS, PurchaseHistories, check_histories
from models.likelihood import FitFailedError, maximise

_SEARCH_GROUPS = 5_000
_CHUNK_GROUPS = 20_000
# r, alpha, s, beta, the second and fourth in mean customer ages: inside what floats survive.
_BOUNDS = ((1e-2, 1e2), (1e-4, 1e3), (1e-2, 1e2), (1e-4, 1e3))
_STARTS = ((0.5, 0.2, 0.5, 0.2), (2.0, 0.2, 0.5, 2.0), (0.3, 0.05, 2.0, 5.0))
_NODE, _WEIGHT = np.polynomial.legendre.leggauss(48)
# v^3 (10 - 15 v + 6 v^2): nodes crowd at both ends of [0, 1], where the integrands below bend
_UNIT = (_NODE + 1.0) / 2.0
_PLACE = _UNIT**3 * (10.0 - 15.0 * _UNIT + 6.0 * _UNIT**2)
_SHARE = 30.0 * (_UNIT * (1.0 - _UNIT)) ** 2 * _WEIGHT / 2.0
_TINY = 1e-300


def log_likelihood(parameters: np.ndarray, histories: PurchaseHistories) -> tuple[float, np.ndarray]:
    """Pareto/NBD log likelihood of all customers and its gradient in (r, alpha, s, beta).

    Source: Schmittlein, Morrison, Colombo (1987); Fader & Hardie (2005), "A note on deriving the Pareto/NBD model". Where
    they write two hypergeometric functions, the integral over the moment of drop-out is taken here directly by a Gauss rule:
    it gives the gradient by the same nodes, and no case distinction between alpha and beta.
    """
    r, alpha, s, beta = parameters
    value, gradient = 0.0, np.zeros(4)
    for start in range(0, len(histories.T), _CHUNK_GROUPS):
        rows = slice(start, start + _CHUNK_GROUPS)
        x, last, age, weight = (
            part[rows] for part in (histories.frequency, histories.recency, histories.T, histories.customers)
        )
        log_rate_age, log_life_age = np.log(alpha + age), np.log(beta + age)
        alive = -(r + x) * log_rate_age - s * log_life_age
        dead, share, moment = _dropped_out(parameters, x, last=last, age=age)
        shared = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
        value += float(weight @ (shared + np.logaddexp(alive, dead)))
        gone = expit(dead - alive)
        kept = 1.0 - gone
        rate_moment, life_moment = alpha + moment, beta + moment
        gradient += np.array(
            [
                weight
                @ (
                    digamma(r + x)
                    - digamma(r)
                    + np.log(alpha)
                    - kept * log_rate_age
                    - gone * (share * np.log(rate_moment)).sum(axis=1)
                ),
                weight @ (r / alpha - (r + x) * (kept / (alpha + age) + gone * (share / rate_moment).sum(axis=1))),
                weight
                @ (np.log(beta) - kept * log_life_age + gone * (1.0 / s - (share * np.log(life_moment)).sum(axis=1))),
                weight @ (s / beta - kept * s / (beta + age) - gone * (s + 1.0) * (share / life_moment).sum(axis=1)),
            ]
        )
    return value, gradient


def _dropped_out(
    parameters: np.ndarray, x: np.ndarray, *, last: np.ndarray, age: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log of s times the integral over [t_x, T] of (alpha + t)^-(r + x) (beta + t)^-(s + 1) dt, shape (n,).

    With it each node's share of the integral and its moment t, both (n, nodes). The power of alpha + t is taken out by the
    substitution w = 1 - ((alpha + t_x) / (alpha + t))^(r + x + s), so that what remains varies slowly however large x is.
    """
    r, alpha, s, beta = parameters
    power = r + x + s
    begin = np.log(alpha + last)
    # log of how much of the substituted range lies inside [t_x, T]
    reach = -np.expm1(-power * (np.log(alpha + age) - begin))
    place = np.outer(reach, _PLACE)
    moment = np.exp(begin[:, None] - np.log1p(-place) / power[:, None]) - alpha
    moment = np.clip(moment, last[:, None], age[:, None])
    log_rest = (s + 1.0) * (np.log(alpha + moment) - np.log(beta + moment))
    top = log_rest.max(axis=1)
    rest = np.exp(log_rest - top[:, None]) * _SHARE
    total = rest.sum(axis=1)
    dead = np.log(s) - np.log(power) - power * begin + top + np.log(np.maximum(reach * total, _TINY))
    return dead, rest / total[:, None], moment


@dataclass(frozen=True, slots=True)
class ParetoNBD:
    """A fitted Pareto/NBD model: purchase rate ~ Gamma(r, alpha), drop-out rate ~ Gamma(s, beta), both per unit of time.

    Build it with `ParetoNBD.fit`. All predictions take one value per customer and return shape (n_customers,).
    """

    r: float
    alpha: float
    s: float
    beta: float

    @classmethod
    def fit(cls, frequency: np.ndarray, recency: np.ndarray, *, T: np.ndarray) -> ParetoNBD:
        """Fit on the histories of all customers. Raises FitFailedError where the data do not determine it."""
        histories = PurchaseHistories.from_customers(frequency, recency, T=T)
        customers, repeaters = histories.customers.sum(), histories.customers[histories.frequency > 0].sum()
        if customers < MIN_CUSTOMERS or repeaters == 0:
            raise FitFailedError(
                f"Pareto/NBD: {customers:.0f} customers, {repeaters:.0f} with a repeat purchase; needs {MIN_CUSTOMERS} and "
                "at least 1: use the recency rule instead"
            )
        unit = float(histories.customers @ histories.T / customers)
        scaled = PurchaseHistories(
            histories.frequency, histories.recency / unit, histories.T / unit, histories.customers
        )
        thin = slice(None, None, 1 + len(scaled.T) // _SEARCH_GROUPS)
        few = PurchaseHistories(scaled.frequency[thin], scaled.recency[thin], scaled.T[thin], scaled.customers[thin])
        what = f"Pareto/NBD on {customers:.0f} customers"
        start = maximise(lambda at: log_likelihood(at, few), _STARTS, bounds=_BOUNDS, what=what)
        found = maximise(lambda at: log_likelihood(at, scaled), [start], bounds=_BOUNDS, what=what)
        return cls(r=float(found[0]), alpha=float(found[1]) * unit, s=float(found[2]), beta=float(found[3]) * unit)

    def probability_alive(self, frequency: np.ndarray, recency: np.ndarray, *, T: np.ndarray) -> np.ndarray:
        """Probability that the customer has not dropped out at as_of. Not a churn score: use `probability_purchase`."""
        x, last, age = check_histories(frequency, recency, T=T)
        parameters = np.array([self.r, self.alpha, self.s, self.beta])
        log_odds = np.empty(len(x))
        for start in range(0, len(x), _CHUNK_GROUPS):
            rows = slice(start, start + _CHUNK_GROUPS)
            dead, _, _ = _dropped_out(parameters, x[rows], last=last[rows], age=age[rows])
            alive = -(self.r + x[rows]) * np.log(self.alpha + age[rows]) - self.s * np.log(self.beta + age[rows])
            log_odds[rows] = alive - dead
        return expit(log_odds)

    def probability_purchase(
        self, horizon_days: float, frequency: np.ndarray, *, recency: np.ndarray, T: np.ndarray
    ) -> np.ndarray:
        """Probability of at least one purchase in the next `horizon_days`: alive now, and buys before dropping out.

        The integral over the moment of that purchase is taken over its distribution function, on which the chance to live
        so long is smooth and between 0 and 1.
        """
        x, _, age = check_histories(frequency, recency, T=T)
        buys = np.empty(len(x))
        for start in range(0, len(x), _CHUNK_GROUPS):
            rows = slice(start, start + _CHUNK_GROUPS)
            shape, rate_age, life_age = self.r + x[rows], self.alpha + age[rows], self.beta + age[rows]
            reach = -np.expm1(-shape * np.log1p(horizon_days / rate_age))
            moment = rate_age[:, None] * np.expm1(-np.log1p(-np.outer(reach, _PLACE)) / shape[:, None])
            lives = np.exp(-self.s * np.log1p(moment / life_age[:, None]))
            buys[rows] = reach * (lives @ _SHARE)
        return buys * self.probability_alive(frequency, recency, T=T)

    def expected_purchases(
        self, horizon_days: float, frequency: np.ndarray, *, recency: np.ndarray, T: np.ndarray
    ) -> np.ndarray:
        """Expected number of purchases in the next `horizon_days`; finite also where s = 1, the textbook's 0/0.

        (r + x)/(alpha + T) per unit of time, times the expected time alive inside the horizon, times P(alive).
        """
        x, _, age = check_histories(frequency, recency, T=T)
        life_age = self.beta + age
        log_ratio = np.log1p(horizon_days / life_age)
        power = (1.0 - self.s) * log_ratio
        near_one = np.abs(power) < 1e-8
        alive_time = life_age * log_ratio * np.where(near_one, 1.0, np.expm1(power) / np.where(near_one, 1.0, power))
        rate = (self.r + x) / (self.alpha + age)
        return rate * alive_time * self.probability_alive(frequency, recency, T=T)
