"""Fallback: a purchase, churn or reactivation probability where there is too little history to train and test a model.

Belongs here: rules that need no labels (MBG/NBD, else a smoothed purchase rate). Does not belong here: deciding that a
fallback is needed (`training.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.btyd import MBGNBD
from models.calibration import logit
from models.likelihood import FitFailedError

HISTORY_COLUMNS = ("repeat_days", "first_to_last_days", "tenure_days")
NEVER_ORDERED = 1e-3  # P(purchase) given to somebody without an order: lowest rank, not certainty


@dataclass(frozen=True)
class PurchaseRule:
    """P(purchase in horizon) from a customer's own history; the same for "reactivation", one minus it for "churn".

    `mbg` is None where its fit failed; then P = 1 - exp(-horizon (x + 1/2) / (T + horizon)): the customer's own rate of
    repeat purchase days with half a purchase and one horizon added. People without an order (missing tenure) get 0.001.
    """

    outcome: str
    horizon_days: int
    mbg: MBGNBD | None

    @classmethod
    def fit(cls, features: pd.DataFrame, *, outcome: str, horizon_days: int) -> PurchaseRule:
        """Fit on one snapshot's histories (repeat_days, first_to_last_days, tenure_days); labels are not used."""
        if outcome not in {"purchase", "churn", "reactivation"}:
            raise ValueError(f"outcome {outcome!r} has no purchase rule; use purchase, churn or reactivation")
        x, t_x, T = _histories(features)
        try:
            return cls(outcome, horizon_days, MBGNBD.fit(x, t_x, T=T))
        except FitFailedError:
            return cls(outcome, horizon_days, None)  # documented second rule; `name` tells which one is in use

    @property
    def name(self) -> str:
        """Which rule is in use, for the card."""
        return "purchase rate rule" if self.mbg is None else "MBG/NBD P(buy)"

    def predict_proba(self, features: pd.DataFrame) -> np.ndarray:
        """Probabilities of shape (n, 2): outcome does not happen, happens."""
        happens = self._purchase(features)
        happens = 1.0 - happens if self.outcome == "churn" else happens
        return np.column_stack([1.0 - happens, happens])

    def explain(self, features: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Probability of the outcome (n,) and `contributions`."""
        return self.predict_proba(features)[:, 1], self.contributions(features)

    def contributions(self, features: pd.DataFrame) -> np.ndarray:
        """Log odds that recency and number of purchases add, relative to the median customer; shape (n, n_features).

        Each is the change when that part alone is put back to the population's median; other columns get 0.
        """
        own = logit(self.predict_proba(features)[:, 1])
        added = np.zeros(features.shape)
        columns = list(features.columns)
        ordered = features["tenure_days"].notna()
        middle = features[list(HISTORY_COLUMNS)].median()
        if not ordered.any():
            return added
        silence = features["tenure_days"] - features["first_to_last_days"]
        median_silence = float(silence.median())
        replaced = features.assign(tenure_days=features["first_to_last_days"] + max(1.0, median_silence))
        target = "recency_days" if "recency_days" in columns else "tenure_days"
        added[:, columns.index(target)] = own - logit(self.predict_proba(replaced)[:, 1])
        typical = round(float(middle["repeat_days"]))
        repeated = features["first_to_last_days"] if typical == 0 else features["first_to_last_days"].clip(lower=1)
        replaced = features.assign(repeat_days=float(typical), first_to_last_days=0.0 if typical == 0 else repeated)
        # who never ordered has no history to replace
        replaced["tenure_days"] = replaced[["tenure_days", "first_to_last_days"]].max(axis=1).where(ordered)
        added[:, columns.index("repeat_days")] = own - logit(self.predict_proba(replaced)[:, 1])
        added[~ordered.to_numpy()] = 0.0
        return added

    def _purchase(self, features: pd.DataFrame) -> np.ndarray:
        probability = np.full(len(features), NEVER_ORDERED)
        x, t_x, T = _histories(features)
        if self.mbg is None:
            rate = (x + 0.5) / (T + self.horizon_days)
            found = -np.expm1(-rate * self.horizon_days)
        else:
            found = self.mbg.probability_purchase(self.horizon_days, x, recency=t_x, T=T)
        probability[features["tenure_days"].notna().to_numpy()] = found
        return probability


def _histories(features: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, t_x and T of those who have ordered."""
    missing = [column for column in HISTORY_COLUMNS if column not in features.columns]
    if missing:
        raise ValueError(f"purchase histories need {', '.join(HISTORY_COLUMNS)}; missing: {', '.join(missing)}")
    ordered = features.loc[features["tenure_days"].notna(), list(HISTORY_COLUMNS)].to_numpy(dtype=np.float64)
    return ordered[:, 0], ordered[:, 1], ordered[:, 2]
