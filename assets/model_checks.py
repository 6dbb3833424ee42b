"""Checks of what scores: the label audit, which blocks a model, and drift, which asks for a look.

Belongs here: what Dagster is told. Neither check stops a run: a refused model is replaced by a rule, and the lists say so.
The audit itself stands in `models/label_audit.py`, thresholds of drift in `sql/report/drift.sql`.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg

from assets.warehouse import Warehouse
from sql.queries import load_queries

LABEL_AUDIT = dg.AssetCheckSpec(
    "label_audit",
    asset=["score", "model_card"],
    description="No model is trained on labels that are all alike, nearly so, or contradict recency; a rule stands in.",
)
DRIFT_CHECK = dg.AssetCheckSpec(
    "drift",
    asset=["score", "drift"],
    description="No feature and no score has moved by a stability index of 0.25 or more.",
)
_NAMED = 5


def model_checks(warehouse: Warehouse, cards: list[dict[str, Any]], as_of: date) -> Iterator[dg.AssetCheckResult]:
    """Yield both results; what fails is a warning with the reason."""
    refused = {
        f"{card['outcome']} {card['horizon_days']} d": card["reason"]
        for card in cards
        if str(card["reason"]).startswith("label audit")
    }
    yield dg.AssetCheckResult(
        asset_key=LABEL_AUDIT.asset_key,
        check_name=LABEL_AUDIT.name,
        passed=not refused,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"models_blocked": len(refused), **refused},
    )
    levels = warehouse.frame(load_queries()["report.drift"].sql, {"as_of": as_of})
    act = levels[levels["drift_level"] == "act"].sort_values(
        ["psi", "feature", "outcome"], ascending=[False, True, True]
    )
    named = [
        f"{row.feature} ({row.outcome} {row.horizon_days} d) {row.psi:.2f}" for row in act.head(_NAMED).itertuples()
    ]
    yield dg.AssetCheckResult(
        asset_key=DRIFT_CHECK.asset_key,
        check_name=DRIFT_CHECK.name,
        passed=act.empty,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "act": len(act),
            "watch": int((levels["drift_level"] == "watch").sum()),
            "largest": ", ".join(named) or "none",
        },
    )
