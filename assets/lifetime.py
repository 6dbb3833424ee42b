"""Expected orders and spend over 90, 180 and 365 days: purchase histories of this as_of, judged where history allows.

Belongs here: which long horizons are added to those of the home, and on which origin each was judged. The forecast itself is in
`models/lifetime_value.py`; the home's own horizons are forecast by `assets/training.py`.
"""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from assets.scratch import open_scratch
from assets.warehouse import Warehouse
from models.lifetime_value import PurchaseHistoryValue, judge_history
from sql.analyses import load_analysis

LIFETIME_HORIZONS_DAYS = (90, 180, 365)
HISTORY_SHARE = 0.5
"""A horizon is judged where half as much history lies before the origin."""
CUSTOMERS_AT_LEAST = 100
RESAMPLES = 100
JUDGED_AT_MOST = 50_000


@dataclass(frozen=True)
class LongForecast:
    """Forecast of one long horizon: rows of score.user_value and the facts of its card."""

    horizon_days: int
    values: pd.DataFrame
    version: str
    is_tested: bool
    card: dict[str, Any]

    @property
    def card_row(self) -> dict[str, Any]:
        """What score.model_card holds besides the columns that stay empty."""
        spend = self.card["targets"]["expected_spend"]
        return {
            "outcome": "value",
            "horizon_days": self.horizon_days,
            "training_date": self.card["training_date"],
            "test_as_of": self.card["test_origin"],
            "is_fallback": False,
            "users_count": spend["customers"],
            "model_version": self.version,
            "promotion": "fitted anew at every as_of; nothing competes with it",
            "reason": self.card["reason"],
            "card": json.dumps({**self.card, "training_date": str(self.card["training_date"])}, default=str),
        }


def long_forecasts(warehouse: Warehouse, buyers: pd.DataFrame, as_of: date, *, without: set[int]) -> list[LongForecast]:
    """Return the forecasts of the long horizons that are none of the home's own (`without`); empty without customers.

    `buyers`: the snapshot's features of everybody who has ordered. Each horizon is judged on the origin one horizon before
    as_of (or before the end of the data), on at most 50,000 customers by the smallest hash of their id; where too little
    history lies before that origin it is extrapolated, and row and card say so.
    """
    horizons = [days for days in LIFETIME_HORIZONS_DAYS if days not in without]
    if buyers.empty or not horizons:
        return []
    model = PurchaseHistoryValue.fit(buyers)
    return [_forecast(warehouse, model, buyers, as_of, days) for days in horizons]


def _forecast(
    warehouse: Warehouse, model: PurchaseHistoryValue, buyers: pd.DataFrame, as_of: date, horizon_days: int
) -> LongForecast:
    origin, past, reason = _past(warehouse, as_of, horizon_days)
    judged = judge_history(past, horizon_days, resamples=RESAMPLES) if reason is None else {}
    is_tested = bool(judged) and all(judged.values())
    if reason is None and not is_tested:
        reason = f"nobody bought in the {horizon_days} days from {origin}: nothing to judge the forecast by"
    customers = len(past) if is_tested else 0
    targets = {
        target: {
            "chosen": "history",
            "test_as_of": str(origin),
            "customers": customers,
            "level": 1.0,
            "measures": judged.get(target, {}),
        }
        for target in ("expected_orders", "expected_spend")
    }
    card = {
        "outcome": "value",
        "horizon_days": horizon_days,
        "is_fallback": False,
        "is_extrapolated": not is_tested,
        "reason": reason,
        "training_date": as_of,
        "test_origin": origin if is_tested else None,
        "targets": targets,
        "model": model.describe(),
        "limits": [
            "no season, no trend: the level is that of the whole history",
            "refunds after the test origin count, refunds before it do not count in the past window of the test",
        ],
    }
    values = model.predict(buyers, horizon_days).assign(
        user_id=buyers["user_id"], horizon_days=horizon_days, model_version=model.version, is_tested=is_tested
    )
    return LongForecast(horizon_days, values, model.version, is_tested, card)


def _past(warehouse: Warehouse, as_of: date, horizon_days: int) -> tuple[date | None, pd.DataFrame, str | None]:
    """Return the origin, its customers with what they did next, and why they cannot judge (None where they can)."""
    first, newest = warehouse.oldest_order_date(), warehouse.newest_business_date()
    if first is None or newest is None:
        return None, pd.DataFrame(), "no order with a user"
    # outcomes are known up to where the data end, even when as_of lies later
    until = min(as_of, newest + timedelta(days=1))
    origin = until - timedelta(days=horizon_days)
    history = (origin - first).days
    if history < HISTORY_SHARE * horizon_days:
        reason = (
            f"extrapolated: {max(history, 0)} days of history before {origin}, {HISTORY_SHARE * horizon_days:.0f} are needed to "
            f"judge {horizon_days} days"
        )
        return origin, pd.DataFrame(), reason
    with open_scratch(warehouse, users_at_most=JUDGED_AT_MOST) as scratch:
        past = scratch.frame(load_analysis("purchase_history").sql, {"origin": origin, "until": until})
    if len(past) < CUSTOMERS_AT_LEAST:
        reason = f"extrapolated: {len(past)} customers before {origin}, {CUSTOMERS_AT_LEAST} are needed to judge"
        return origin, past, reason
    return origin, past, None
