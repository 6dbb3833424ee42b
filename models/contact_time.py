"""When and where to reach a customer: the choice most of the activity falls on, borrowed from alike customers where few is known.

Belongs here: empirical-Bayes shares of a few choices (hours, weekdays, channels) and how a recommendation is judged. Does not
belong here: counting activity (`sql/analysis/contact_hours.sql`), whether anybody may be contacted (consent, `segment`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

OWN, PERSONA, ALL = "user", "persona", "all"
STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0)
GROUP_STRENGTH = 200.0
"""Activities of a persona that weigh as much as the shares of everybody."""
_ROWS = 100_000


@dataclass(frozen=True)
class Preference:
    """What is recommended to each customer: the choice's number, (n,), and whose activity mostly decided it, (n,)."""

    choice: np.ndarray
    source: np.ndarray
    strength: float


def prior_shares(counts: np.ndarray, group: np.ndarray, *, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares of each group, (groups, k), drawn towards everybody's, and everybody's, (k,).

    `counts`: (n, k) activities of each customer by choice; `group`: (n,) number of the persona, -1 = none (everybody's shares).
    """
    total = counts.sum(axis=0, dtype=np.float64) + 1e-9
    everybody = total / total.sum()
    sums = np.zeros((groups, counts.shape[1]))
    inside = group >= 0
    np.add.at(sums, group[inside], counts[inside])
    shares = (sums + GROUP_STRENGTH * everybody) / (sums.sum(axis=1, keepdims=True) + GROUP_STRENGTH)
    return shares, everybody


def best_strength(counts: np.ndarray, prior: np.ndarray) -> float:
    """Return how many activities of their own outweigh the prior: the likeliest of `STRENGTHS`.

    Each customer's counts are Dirichlet-multinomial around the prior (n, k) of their group: the more customers differ, the
    smaller the strength. Uses customers with two activities or more; without any the largest.
    """
    many = counts.sum(axis=1) >= 2
    if not many.any():
        return STRENGTHS[-1]
    some, around = counts[many][:20_000], prior[many][:20_000]
    size = some.sum(axis=1)

    def likelihood(strength: float) -> float:
        spread = gammaln(some + strength * around) - gammaln(strength * around)
        return float((gammaln(strength) - gammaln(size + strength)).sum() + spread.sum())

    return max(STRENGTHS, key=likelihood)


def recommend(counts: np.ndarray, group: np.ndarray, *, groups: int, neighbours: int = 0) -> Preference:
    """Recommend to each customer the choice with the largest expected share of the activity.

    `neighbours`: on how many choices to either side of the recommended one, in a ring, the share counts too: 1 for hours means
    three hours around the recommended one. `source` is `user` where the customer's own activity weighs at least as much as the
    prior, else `persona`, or `all` for a customer without one.
    """
    shares, everybody = prior_shares(counts, group, groups=groups)
    table = np.vstack([shares, everybody])  # row -1: no persona
    strength = best_strength(counts, table[group])
    choice = np.empty(len(counts), dtype=np.int64)
    for start in range(0, len(counts), _ROWS):
        rows = slice(start, start + _ROWS)
        expected = counts[rows] + strength * table[group[rows]]
        choice[rows] = _ring(expected, neighbours).argmax(axis=1)
    borrowed = np.where(group >= 0, PERSONA, ALL)
    own = counts.sum(axis=1) >= strength
    return Preference(choice, np.where(own, OWN, borrowed), strength)


def share_reached(choice: np.ndarray, later: np.ndarray, *, neighbours: int = 0) -> float:
    """Return the share of all later activity (n, k) that falls on the recommended choice (n,) and its neighbours."""
    reached = _ring(later.astype(np.float64), neighbours)[np.arange(len(later)), choice]
    return float(reached.sum() / later.sum())


def judge(
    counts: np.ndarray, later: np.ndarray, *, group: np.ndarray, groups: int, neighbours: int = 0
) -> dict[str, float]:
    """Return method -> share of the later activity (n, k) reached by recommendations from the earlier `counts` (n, k).

    Beside the recommendation: the best choice of the customer's persona, that of everybody, and the customer's own most
    frequent one (everybody's without activity). Raises ValueError without later activity.
    """
    if not later.sum():
        raise ValueError(f"none of {len(later)} customers has activity after the origin: nothing to judge by")
    shares, everybody = prior_shares(counts, group, groups=groups)
    table = _ring(np.vstack([shares, everybody]), neighbours).argmax(axis=1)
    own = np.where(counts.sum(axis=1) > 0, _ring(counts.astype(np.float64), neighbours).argmax(axis=1), table[-1])
    methods = {
        "trellis": recommend(counts, group, groups=groups, neighbours=neighbours).choice,
        "own most frequent": own,
        "persona": table[group],
        "everybody": np.full(len(counts), table[-1]),
    }
    return {name: share_reached(choice, later, neighbours=neighbours) for name, choice in methods.items()}


def _ring(values: np.ndarray, neighbours: int) -> np.ndarray:
    """Sum each choice with its neighbours in a ring, shape as given."""
    return sum((np.roll(values, shift, axis=1) for shift in range(1, neighbours + 1)), start=values) + sum(
        np.roll(values, -shift, axis=1) for shift in range(1, neighbours + 1)
    )
