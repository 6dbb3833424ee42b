"""The rules' trial: whether a rule that needs no labels ranks better than a trained model, and so scores in its place.

Belongs here: the rules that compete and what makes one of them win. Does not belong here: which origin they compete at
(`judging.py`, `training.py`), the rules themselves (`fallback.py`), data too thin to train at all (`judging.py`).

Why: few and alike customers can teach a model nothing but chance. Ta Feng's lapsed customers are ranked by MBG/NBD with an AUC of
.575 and by a model of their labels with .515 (28 days from 2001-01-31); who acts on the list is better served by the rule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from models.evaluation import RESAMPLES, compare
from models.fallback import PurchaseRule

TRAINED = "trained model"


@dataclass(frozen=True)
class RuleTrial:
    """A rule that was shown to rank better than the trained model at an earlier origin, and the figures in words."""

    rule: PurchaseRule
    reason: str


def rules_of(histories: pd.DataFrame, *, outcome: str, horizon_days: int) -> dict[str, PurchaseRule]:
    """Name -> rule fitted on one snapshot's histories: by order days, and by active days too where a shop records events."""
    about = {"outcome": outcome, "horizon_days": horizon_days}
    whole = PurchaseRule.fit(histories, **about)
    rules = (whole,) if whole.activity is None else (replace(whole, activity=None, level=0.0), whole)
    return {rule.name: rule for rule in rules}


def winning_rule(
    rows: pd.DataFrame,
    truth: np.ndarray,
    probability: np.ndarray,
    *,
    rules: dict[str, PurchaseRule],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> RuleTrial | None:
    """The rule that beats a model's probabilities (n,) on customers (n rows) with outcomes 0/1 (n,), or None.

    The best rule wins where its AUC is shown to be better and its Brier score is not shown to be worse (paired 95 %
    intervals): one who ranks at random, but knows the level, is no better than one who ranks. No labels of the rows are in the
    rules; none may be in the probabilities.
    """
    if len(np.unique(truth)) < 2:
        return None
    said = {name: rule.predict_proba(rows)[:, 1] for name, rule in rules.items()}
    points = compare(truth, {TRAINED: probability, **said}, kind="probability", seed=seed, resamples=0).measures
    best = max(said, key=lambda name: points[name]["auc"].value)
    if points[best]["auc"].value <= points[TRAINED]["auc"].value:
        return None
    found = compare(truth, {TRAINED: probability, best: said[best]}, kind="probability", seed=seed, resamples=resamples)
    gain, level = (found.improvement(best, TRAINED, measure=measure) for measure in ("auc", "brier"))
    if gain.low <= 0 or level.high < 0:
        return None
    origin = pd.Timestamp(rows["as_of"].iloc[0]).date()
    ranked = {name: measures["auc"].value for name, measures in points.items()}
    reason = (
        f"at {origin} {best} ranked {len(rows):,} customers better than the trained model (AUC {ranked[best]:.3f} against "
        f"{ranked[TRAINED]:.3f}; paired 95 % +{gain.low:.3f} to +{gain.high:.3f})"
    )
    return RuleTrial(rules[best], reason)
