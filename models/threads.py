"""Threads of the numeric libraries and of models fitted at a time: as many as pay, also while other programs keep the cores busy.

Belongs here: those limits. Does not belong here: the thread count of the database (`assets/warehouse.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TypeVar

from threadpoolctl import threadpool_limits

Fitted = TypeVar("Fitted")
ROWS_SIDE_BY_SIDE = 150_000  # samples, above which two fits at a time cost memory and each fit uses both cores anyway
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


def fit_side_by_side(fits: Mapping[str, Callable[[], Fitted | None]], *, rows: int) -> dict[str, Fitted]:
    """Return name -> result of every fit that has one, in the order given; two at a time where `rows` samples are few.

    Fits of few rows leave the second core idle. They must not depend on each other; an error of any of them is raised.
    """
    at_a_time = 2 if rows <= ROWS_SIDE_BY_SIDE else 1
    # set before the fits set it for themselves, so that none restores it while another still computes
    with threadpool_limits(limits={"blas": 1}), ThreadPoolExecutor(max_workers=at_a_time) as pool:
        started = {name: pool.submit(fit) for name, fit in fits.items()}
        results = {name: future.result() for name, future in started.items()}
    return {name: result for name, result in results.items() if result is not None}
