"""Reasons: for each customer, the few features that move the score most, as codes.

Belongs here: choosing codes from the additive contributions of a model. Does not belong here: the words
(`reason_phrases.py`), the contributions (`propensity.py`, `fallback.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.reason_phrases import family_of

REASONS_AT_MOST = 3
LEAST_LOG_ODDS = 0.02  # smaller contributions are noise
NEAR_AVERAGE = "near_average"


@dataclass(frozen=True)
class ReasonRules:
    """What a population's contributions say of each feature; learnt once, applied in chunks.

    `sign` (n_features,): +1 where a larger value adds log odds, -1 where it takes them, 0 where the feature may not
    be a reason. `middle`: the probability above which a score counts as high.
    """

    features: tuple[str, ...]
    sign: np.ndarray
    middle: float


def learn_reason_rules(contributions: np.ndarray, values: pd.DataFrame, probability: np.ndarray) -> ReasonRules:
    """Rules from the contributions (n, f), raw values (n, f columns) and probabilities (n,) of a population.

    Among correlated features a linear model gives some a sign that contradicts what every reader would see ("many
    orders" lowering the chance to buy). A feature may be a reason only if the way it is used agrees with its own
    correlation with the probability.
    """
    score = _standardised(pd.Series(probability).rank().to_numpy(dtype=np.float64))
    sign = np.zeros(values.shape[1])
    for column in range(values.shape[1]):
        raw = values.iloc[:, column].to_numpy(dtype=np.float64)
        known = ~np.isnan(raw)
        if known.sum() < 2:
            continue
        rank = _standardised(pd.Series(raw[known]).rank().to_numpy(dtype=np.float64))
        used, seen = rank @ contributions[known, column], rank @ score[known]
        sign[column] = np.sign(used) if used * seen > 0 else 0.0
    return ReasonRules(tuple(map(str, values.columns)), sign, float(np.median(probability)))


def reason_codes(
    rules: ReasonRules, contributions: np.ndarray, *, values: pd.DataFrame, probability: np.ndarray
) -> list[list[str]]:
    """Up to three codes per customer, strongest first, one per feature family; ["near_average"] where none stands out.

    For a score above the middle the features that raise it, else those that lower it. A code is the feature's name with
    `_high` or `_low` (against the average customer) or `_missing`.
    """
    direction = np.where(probability >= rules.middle, 1.0, -1.0)[:, None]
    strength = np.where(rules.sign != 0, contributions * direction, -np.inf)
    names, best = _strongest_of_each_family(strength, rules.features)
    order = np.argsort(-best, axis=1, kind="stable")[:, :REASONS_AT_MOST]
    rows = np.arange(len(order))[:, None]
    feature = names[rows, order]
    chosen = best[rows, order] >= LEAST_LOG_ODDS
    missing = values.isna().to_numpy()[rows, feature]
    is_high = (direction * rules.sign[feature]) > 0
    code = 3 * feature + np.where(missing, 2, np.where(is_high, 0, 1))
    words = [f"{name}{suffix}" for name in rules.features for suffix in ("_high", "_low", "_missing")]
    return [
        [words[number] for number, use in zip(numbers, uses, strict=True) if use] or [NEAR_AVERAGE]
        for numbers, uses in zip(code.tolist(), chosen.tolist(), strict=True)
    ]


def _strongest_of_each_family(strength: np.ndarray, features: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Feature number and strength of each family's strongest member, both of shape (n, families)."""
    families = [family_of(feature) for feature in features]
    numbers, best = [], []
    for family in dict.fromkeys(families):
        members = np.flatnonzero([name == family for name in families])
        strongest = members[np.argmax(strength[:, members], axis=1)]
        numbers.append(strongest)
        best.append(strength[np.arange(len(strength)), strongest])
    return np.column_stack(numbers), np.column_stack(best)


def _standardised(values: np.ndarray) -> np.ndarray:
    """Mean 0, deviation 1; zeros where constant."""
    centred = values - values.mean()
    deviation = centred.std()
    return centred / deviation if deviation > 0 else np.zeros_like(centred)
