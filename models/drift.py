"""Drift: how far today's features and scores have moved from those a model was trained on (population stability index).

Belongs here: the baseline that a model keeps, and the index against it. Does not belong here: what to do about it
(thresholds stand in `sql/report/drift.sql`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2

DECILES = tuple(part / 10 for part in range(1, 10))
SCORE = "score"
_CHANCE = 0.999
_PSEUDO = 0.5  # half a row in every bin: an empty bin is rare, not impossible


@dataclass(frozen=True)
class Baseline:
    """Per column: inner bin edges (deciles of the baseline, repeated ones once) and rows per bin, last bin = missing."""

    edges: dict[str, tuple[float, ...]]
    counts: dict[str, tuple[int, ...]]


def baseline_of(frame: pd.DataFrame, columns: Sequence[str]) -> Baseline:
    """Return the deciles of the columns of `frame` (one row per user) and how many rows fall between them."""
    edges, counts = {}, {}
    for column in columns:
        values = frame[column].to_numpy(dtype=np.float64)
        known = values[np.isfinite(values)]
        cut = np.unique(np.quantile(known, DECILES)) if len(known) else np.empty(0)
        edges[column] = tuple(float(edge) for edge in cut)
        counts[column] = tuple(int(count) for count in _counts(values, edges[column]))
    return Baseline(edges, counts)


def population_stability(baseline: Baseline, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per column of the baseline that `frame` has: feature, users_count, psi, psi_chance.

    psi = sum over bins of (share now - share then) ln(share now / share then), with half a row added to every bin.
    psi_chance: what two samples of these sizes from one population stay below in 99.9 % of cases; the index times
    n m / (n + m) is then about chi-squared with bins - 1 degrees of freedom (B. Yurdakul, 2018).
    """
    rows = []
    for column, counts in baseline.counts.items():
        if column not in frame.columns:
            continue
        then = np.asarray(counts, dtype=np.float64)
        now = _counts(frame[column].to_numpy(dtype=np.float64), baseline.edges[column]).astype(np.float64)
        old, new = ((part + _PSEUDO) / (part.sum() + _PSEUDO * len(part)) for part in (then, now))
        freedom = max(1, int((then + now > 0).sum()) - 1)
        size = 1.0 / max(then.sum(), 1.0) + 1.0 / max(now.sum(), 1.0)
        rows.append(
            {
                "feature": column,
                "users_count": int(now.sum()),
                "psi": float((new - old) @ np.log(new / old)),
                "psi_chance": float(chi2.ppf(_CHANCE, freedom) * size),
            }
        )
    return pd.DataFrame(rows, columns=pd.Index(["feature", "users_count", "psi", "psi_chance"]))


def _counts(values: np.ndarray, edges: Sequence[float]) -> np.ndarray:
    """Rows per bin (edge i belongs to the bin below it), and the missing ones last."""
    known = np.isfinite(values)
    place = np.searchsorted(np.asarray(edges), values[known], side="left")
    return np.r_[np.bincount(place, minlength=len(edges) + 1), (~known).sum()]
