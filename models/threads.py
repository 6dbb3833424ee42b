"""Threads of the numeric libraries: as many as pay, also while other programs keep the cores busy.

Belongs here: that one limit. Does not belong here: the thread count of the database (`assets/warehouse.py`).
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits

FEW_ROWS = 20_000  # below, the threads of a boosting wake and sleep for longer than they work


def boosting_threads(rows: int) -> int:
    """Return 2 for many rows where waiting OpenMP threads sleep (OMP_WAIT_POLICY=PASSIVE, set by this package), else 1.

    Measured on two cores with fifteen busy processes, 40,000 rows x 50 features, 60 rounds: one thread 0.9 CPU-s in 10 s,
    two sleeping threads 1.1 CPU-s in 4 s, two spinning threads 11.7 CPU-s in 68 s.
    """
    return 2 if rows > FEW_ROWS and os.environ.get("OMP_WAIT_POLICY", "").upper() == "PASSIVE" else 1


def few_threads(rows: int) -> AbstractContextManager:
    """Limit OpenMP to `boosting_threads` and linear algebra to one thread, whose products here are too small to share."""
    return threadpool_limits(limits={"openmp": boosting_threads(rows), "blas": 1})
