"""Drift of one as_of: features and scores of everybody scored, against the snapshot the model was last trained on.

Belongs here: the rows of `score.drift` and what a run says about them. Does not belong here: the index (`models/drift.py`) and
its thresholds (`sql/report/drift.sql`).
"""

import numpy as np
import pandas as pd

from assets.champions import Kept
from models.drift import SCORE, population_stability


def drift_rows(people: pd.DataFrame, probability: np.ndarray, kept: Kept | None) -> pd.DataFrame:
    """Return feature, users_count, psi, psi_chance for each feature of the model and for `score`; nobody scored, no row.

    `people`: the rows that were scored, with `probability` in their order. Without a trained model there is no baseline.
    """
    if kept is None or people.empty:
        return pd.DataFrame(columns=pd.Index(["feature", "users_count", "psi", "psi_chance"]))
    return population_stability(kept.model.baseline, people.assign(**{SCORE: probability}))
