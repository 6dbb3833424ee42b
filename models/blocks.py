"""Prediction by blocks of rows that stay in the processor's cache while tree after tree passes over them.

Belongs here: cutting rows. Does not belong here: chunks that bound memory (`scoring.py`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

BLOCK_ROWS = 4_000


def in_blocks(predict: Callable[[np.ndarray], np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Return `predict(rows)`, asked for at most 4,000 rows at a time; each row's answer must depend on that row alone.

    scikit-learn's boosting walks all rows it is given tree by tree. 100,000 rows of 100 features through 120 trees: 2.5 CPU-s
    at once, .55 by blocks.
    """
    if len(rows) <= BLOCK_ROWS:
        return predict(rows)
    return np.concatenate([predict(rows[start : start + BLOCK_ROWS]) for start in range(0, len(rows), BLOCK_ROWS)])
