"""Scoring: probabilities, percentiles and reasons for a population of any size, in chunks, two of them at a time.

Belongs here: applying a fitted model. Does not belong here: training or judging it (`training.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from models.reasons import learn_reason_rules, reason_codes
from models.threads import side_by_side

CHUNK_ROWS = 50_000
_RULE_ROWS = 20_000


class ExplainedModel(Protocol):
    """What scoring needs of a model."""

    def explain(self, X: pd.DataFrame, /) -> tuple[np.ndarray, np.ndarray]:
        """Probability of the outcome (n,) and the log odds that each feature adds (n, n_features)."""
        ...


def score_customers(model: ExplainedModel, features: pd.DataFrame, *, columns: Sequence[str]) -> pd.DataFrame:
    """One row per input row, in its order: user_id, probability, percentile, reason_codes.

    percentile is the share of the scored customers with a probability at most as high (0..1, 1 = most likely).
    reason_codes is a list of up to three codes, strongest first. Everybody is scored; memory is bounded by the chunk.
    """
    missing = [column for column in ("user_id", *columns) if column not in features.columns]
    if missing:
        raise ValueError(f"features to score lack {', '.join(missing)}")
    if features.empty:
        empty = {"user_id": features["user_id"], "probability": 0.0, "percentile": 0.0, "reason_codes": None}
        return pd.DataFrame(empty).astype({"reason_codes": "object"})
    thin = slice(None, None, 1 + len(features) // _RULE_ROWS)
    sample = features.iloc[thin][list(columns)].astype(float)
    likely, added = model.explain(sample)
    rules = learn_reason_rules(added, sample, likely)

    def scored(start: int) -> tuple[np.ndarray, list[list[str]]]:
        chunk = features.iloc[start : start + CHUNK_ROWS][list(columns)].astype(float)
        own, added = model.explain(chunk)
        return own, reason_codes(rules, added, values=chunk, probability=own)

    chunks = side_by_side(scored, range(0, len(features), CHUNK_ROWS))
    probability = np.concatenate([own for own, _ in chunks])
    codes = [reasons for _, found in chunks for reasons in found]
    return pd.DataFrame(
        {
            "user_id": features["user_id"].to_numpy(),
            "probability": probability,
            "percentile": pd.Series(probability).rank(method="max", pct=True).to_numpy(),
            "reason_codes": codes,
        }
    )
