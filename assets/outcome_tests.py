"""How the outcomes beside propensity and value did on an earlier origin: rows of `score.outcome_test`.

Belongs here: the window that a test may use and the form of its rows. Does not belong here: the tests themselves (`models/`).
"""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from assets.warehouse import Warehouse

OURS = "model"
SAMPLE_AT_MOST = 50_000


@dataclass(frozen=True)
class Known:
    """What can be judged at an as_of: first order date, and the day from which on nothing is known."""

    first: date
    until: date

    @property
    def days(self) -> int:
        """Length of the known history, in days."""
        return (self.until - self.first).days

    def origin(self, days_back: int) -> date:
        """Return the origin so many days before the end of what is known."""
        return self.until - timedelta(days=days_back)


@dataclass(frozen=True)
class Outcome:
    """Rows of one score table, and the rows that tell how it was tested or why it was not."""

    frame: pd.DataFrame
    tests: list[dict[str, object]]


def known_history(warehouse: Warehouse, as_of: date) -> Known | None:
    """Return what is known before as_of, or None without an order of a known user before it."""
    first, newest = warehouse.oldest_order_date(), warehouse.newest_business_date()
    if first is None or newest is None or first >= as_of:
        return None
    return Known(first, min(as_of, newest + timedelta(days=1)))


def tested(
    outcome: str, horizon_days: int, measures: dict[str, dict[str, float]], *, users: int, origin: date
) -> list[dict[str, object]]:
    """Return one row per method and measure; the method `trellis` is the model, the others its baselines."""
    facts = {
        "outcome": outcome,
        "horizon_days": horizon_days,
        "users_count": users,
        "test_as_of": origin,
        "reason": None,
    }
    return [
        {**facts, "predictor": OURS if method == "trellis" else method, "measure": measure, "estimate": value}
        for method, found in measures.items()
        for measure, value in found.items()
    ]


def untested(outcome: str, horizon_days: int, reason: str) -> list[dict[str, object]]:
    """Return the one row that says why an outcome was not tested, or is not there at all."""
    facts = {"outcome": outcome, "horizon_days": horizon_days, "users_count": 0, "test_as_of": None, "reason": reason}
    return [{**facts, "predictor": OURS, "measure": "none", "estimate": None}]
