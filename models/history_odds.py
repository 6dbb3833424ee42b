"""History odds: what purchase and visit histories alone let expect, as features of the models that learn from labels.

Belongs here: those features and the fit they rest on. Does not belong here: the rule that scores alone where labels lack
(`fallback.py`), the closed forms themselves (`btyd.py`).

Why: trees and a linear score approximate "silent for longer than this customer's own rhythm" from many labels; MBG/NBD says
it from four numbers. What the blend gains over MBG/NBD alone stands in docs/backtests/.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from models.calibration import logit
from models.day_histories import DayHistories, DayRule
from models.fallback import PurchaseRule

ORDER_ODDS, VISIT_ODDS = "order_history_odds", "visit_history_odds"


@dataclass(frozen=True)
class HistoryOdds:
    """Log odds of an order day, and of an active day where a shop records events, within the horizon; fitted without labels."""

    orders: DayRule
    activity: DayRule | None

    @classmethod
    def fit(cls, everybody: pd.DataFrame, *, horizon_days: int) -> HistoryOdds:
        """Fit on one snapshot's histories of everybody known (`day_histories.ORDER_COLUMNS`, and `ACTIVITY_COLUMNS`)."""
        rule = PurchaseRule.fit(everybody, outcome="purchase", horizon_days=horizon_days)
        return cls(rule.orders, rule.activity)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that `add` adds."""
        return (ORDER_ODDS,) if self.activity is None else (ORDER_ODDS, VISIT_ODDS)

    def add(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows with the columns `names`, finite; people without such a day get the odds of 0.001."""
        added = {ORDER_ODDS: logit(self.orders.probability(DayHistories.of_orders(rows)))}
        if self.activity is not None:
            added[VISIT_ODDS] = logit(self.activity.probability(DayHistories.of_activity(rows)))
        return rows.assign(**added)
