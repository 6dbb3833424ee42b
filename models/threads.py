"""Threads of the numeric libraries and of models: two fits, or two parts of the rows to score, at a time, each on one thread.

Belongs here: those limits. Does not belong here: the thread count of the database (`assets/warehouse.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TypeVar

from threadpoolctl import threadpool_limits

Fitted = TypeVar("Fitted")
Part = TypeVar("Part")
AT_A_TIME = 2


def one_thread() -> AbstractContextManager:
    """Limit OpenMP and linear algebra to one thread: what is shared out in one fit is too small to be worth waking another.

    The second core is for the next fit (`fit_side_by_side`).
    """
    return threadpool_limits(limits={"openmp": 1, "blas": 1})


def fit_side_by_side(fits: Mapping[str, Callable[[], Fitted | None]]) -> dict[str, Fitted]:
    """Return name -> result of every fit that has one, in the order given; two run at a time, each on one thread.

    They must not depend on each other; an error of any of them is raised. Samples are thinned before they are fitted, so that
    two fits at a time fit into memory for a shop of any size.
    """

    def alone(fit: Callable[[], Fitted | None]) -> Fitted | None:
        # OpenMP keeps its limit by thread
        with one_thread():
            return fit()

    # linear algebra has one for all: set before the fits set it, so that none restores it while another still computes
    with one_thread(), ThreadPoolExecutor(max_workers=AT_A_TIME) as pool:
        started = {name: pool.submit(alone, fit) for name, fit in fits.items()}
        results = {name: future.result() for name, future in started.items()}
    return {name: result for name, result in results.items() if result is not None}


def side_by_side(work: Callable[[Part], Fitted], parts: Iterable[Part]) -> list[Fitted]:
    """Return the result of `work` for every part, in their order; two parts are worked on at a time, each on one thread.

    The parts must not depend on each other; an error of any of them is raised.
    """

    def alone(part: Part) -> Fitted:
        with one_thread():
            return work(part)

    with one_thread(), ThreadPoolExecutor(max_workers=AT_A_TIME) as pool:
        return list(pool.map(alone, parts))
