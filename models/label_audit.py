"""Label audit: what would make any score meaningless, found before one is trained.

Belongs here: checks of labels against dates, prevalence and a plain rule. Does not belong here: leaks in features (their
tests build every feature twice).
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from models.baselines import recency_rule
from models.evaluation import RankedOutcomes, probability_measures
from models.model_card import LabelAudit

PREVALENCE_BAND = (0.002, 0.998)
STABLE_WITHIN = 3.0
AGAINST_RECENCY_BELOW = 0.4  # AUC of the recency rule; even weak habits keep it above one half
INVERTED_BELOW = 0.35  # the usual .65 and more, with the two classes exchanged


def require_closed_windows(samples: pd.DataFrame, *, horizon_days: int, known_until: date) -> None:
    """Raise ValueError when a label window is still open: outcomes are known for dates before `known_until` only."""
    latest = pd.Timestamp(known_until - timedelta(days=horizon_days))
    still_open = samples["as_of"] > latest
    if still_open.any():
        raise ValueError(
            f"{int(still_open.sum())} of {len(samples)} samples have an open label window: origins after "
            f"{latest.date()} need outcomes up to {horizon_days} days on, known only before {known_until}; drop them"
        )


def audit_labels(samples: pd.DataFrame, *, label: str, outcome: str) -> LabelAudit:
    """Prevalence of each origin, findings, and the refusal that blocks a model (see `LabelAudit`).

    `samples`: one row per user and origin with as_of, the 0/1 label and recency_days. Open windows are the business of
    `require_closed_windows`, which raises.
    """
    by_origin = samples.groupby("as_of")[label].mean()
    shares = by_origin.to_numpy(dtype=np.float64)
    prevalence = float(samples[label].mean())
    findings, refusal = [], None
    share = f"{prevalence:.2%} of {len(samples)} labels are positive"
    if prevalence in (0.0, 1.0):
        findings.append("degenerate")
        refusal = f"label audit: degenerate, {share}: there is nothing to tell apart"
    elif not PREVALENCE_BAND[0] <= prevalence <= PREVALENCE_BAND[1]:
        findings.append("rare" if prevalence < PREVALENCE_BAND[0] else "common")
        band = " to ".join(f"{edge:.1%}" for edge in PREVALENCE_BAND)
        refusal = f"label audit: {findings[0]}, {share}, outside {band}; choose another horizon or churn window"
    if "degenerate" not in findings:
        if len(shares) > 1 and shares.max() > STABLE_WITHIN * max(shares.min(), 1e-9):
            findings.append("unstable")
        rule = RankedOutcomes(samples[label].to_numpy(), recency_rule(samples, outcome=outcome))
        auc = probability_measures(rule)["auc"]
        if auc < INVERTED_BELOW:
            findings.append("inverted")
            refusal = refusal or (
                f"label audit: inverted, ranking by recency has an AUC of {auc:.2f} where it should be above one half; look "
                "whether the label's two classes are exchanged"
            )
        elif auc < AGAINST_RECENCY_BELOW:
            findings.append("against_recency")
    prevalences = {str(pd.Timestamp(str(origin)).date()): float(share) for origin, share in by_origin.items()}
    return LabelAudit(prevalences, tuple(findings), refusal)
