"""Baselines: what every propensity must beat, on the same customers at the same origin.

Belongs here: the recency rule, the RFM score and a logistic regression on RFM. Does not belong here: the
buy-till-you-die probability (`fallback.py`), past spend (`value.py`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from models.preparation import FeaturePreparation
from models.rfm import rfm_personas

RFM_FEATURES = ("recency_days", "orders_count", "net_amount_365d")


def recency_rule(features: pd.DataFrame, *, outcome: str) -> np.ndarray:
    """Ranking score (n,): who acted last ranks first for a purchase and last for churn; unknown counts as longest ago.

    For churn the last activity of any kind (`last_active_days`) where that column exists, as churn is about activity.
    """
    column = "last_active_days" if outcome == "churn" and "last_active_days" in features.columns else "recency_days"
    days = features[column].to_numpy(dtype=np.float64)
    longest = np.nanmax(days) if np.isfinite(days).any() else 0.0
    days = np.where(np.isnan(days), longest + 1.0, days)
    return days if outcome == "churn" else -days


def rfm_score(features: pd.DataFrame, *, outcome: str) -> np.ndarray:
    """Ranking score (n,): sum of the three quintile scores, 0 for people without an order; negated for churn."""
    ordered = (features["orders_count"] >= 1).to_numpy()
    total = np.zeros(len(features))
    scored = rfm_personas(features.loc[ordered, ["user_id", *RFM_FEATURES]])
    total[ordered] = (
        scored[["recency_score", "frequency_score", "monetary_score"]].sum(axis=1).to_numpy(dtype=np.float64)
    )
    return -total if outcome == "churn" else total


def rfm_regression() -> Pipeline:
    """Unfitted logistic regression on recency, number of orders and yearly spend (logs where skewed)."""
    return make_pipeline(FeaturePreparation(), LogisticRegression(max_iter=1000))
