"""Reasons: for each customer, the few features that move the score most, as codes.

Belongs here: choosing codes from the additive contributions of a model, and what drives the scores of
a whole population. Does not belong here: the words
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
    be a reason. `typical` (n_features,): the population's median, NaN where a feature is never known. `middle`: the
    probability above which a score counts as high.
    """

    features: tuple[str, ...]
    sign: np.ndarray
    typical: np.ndarray
    middle: float


def learn_reason_rules(contributions: np.ndarray, values: pd.DataFrame, probability: np.ndarray) -> ReasonRules:
    """Rules from the contributions (n, f), raw values (n, f columns) and probabilities (n,) of a population.

    Among correlated features a model gives some a sign that contradicts what every reader would see ("many orders"
    lowering the chance to buy). A feature may be a reason only if the way it is used agrees with its own correlation with
    the probability.
    """
    score = _standardised(pd.Series(probability).rank().to_numpy(dtype=np.float64))
    sign, typical = np.zeros(values.shape[1]), np.full(values.shape[1], np.nan)
    for column in range(values.shape[1]):
        raw = values.iloc[:, column].to_numpy(dtype=np.float64)
        known = ~np.isnan(raw)
        if known.sum() < 2:
            continue
        typical[column] = np.median(raw[known])
        rank = _standardised(pd.Series(raw[known]).rank().to_numpy(dtype=np.float64))
        used, seen = rank @ contributions[known, column], rank @ score[known]
        sign[column] = np.sign(used) if used * seen > 0 else 0.0
    return ReasonRules(tuple(map(str, values.columns)), sign, typical, float(np.median(probability)))


def reason_codes(
    rules: ReasonRules, contributions: np.ndarray, *, values: pd.DataFrame, probability: np.ndarray
) -> list[list[str]]:
    """Up to three codes per customer, strongest first, one per feature family; ["near_average"] where none stands out.

    For a score above the middle the features that raise it, else those that lower it. A code is the feature's name with
    `_high` (above the population's median) or `_low` (at or below it) or `_missing`. Trees may use a value against the
    feature's usual direction, for instance a middling one; such a contribution counts in the score but has no words, so
    it is no reason.
    """
    direction = np.where(probability >= rules.middle, 1.0, -1.0)[:, None]
    known = values.to_numpy(dtype=np.float64)
    is_missing = np.isnan(known)
    is_high = known > rules.typical
    reads_right = is_missing | (is_high == (direction * rules.sign > 0))
    strength = np.where((rules.sign != 0) & reads_right, contributions * direction, -np.inf)
    names, best = _strongest_of_each_family(strength, rules.features)
    order = np.argsort(-best, axis=1, kind="stable")[:, :REASONS_AT_MOST]
    rows = np.arange(len(order))[:, None]
    feature = names[rows, order]
    chosen = best[rows, order] >= LEAST_LOG_ODDS
    code = 3 * feature + np.where(is_missing[rows, feature], 2, np.where(is_high[rows, feature], 0, 1))
    words = [f"{name}{suffix}" for name in rules.features for suffix in ("_high", "_low", "_missing")]
    # many customers share the same few reasons: each combination is put into words once
    combined = np.where(chosen, code, -1) + 1
    places = (3 * len(rules.features) + 1) ** np.arange(combined.shape[1], dtype=np.int64)
    _, first, which = np.unique(combined @ places, return_index=True, return_inverse=True)
    texts = [[words[number - 1] for number in combined[row] if number] or [NEAR_AVERAGE] for row in first]
    return [texts[number] for number in which.tolist()]


@dataclass(frozen=True, slots=True)
class FeatureImportance:
    """How much a feature moves a population's scores: mean absolute log odds, its share of all, and its direction.

    direction: Spearman correlation of value and contribution where the value is known, -1..1; near 0 = neither way alone.
    """

    feature: str
    mean_log_odds: float
    share: float
    direction: float


def importance(contributions: np.ndarray, values: pd.DataFrame) -> tuple[FeatureImportance, ...]:
    """Features by mean absolute contribution, largest first, without those that move nobody.

    `contributions` (n, f) in log odds, `values` the same customers' raw features.
    """
    # a constant offset moves everybody alike and explains nobody
    size = np.abs(contributions - contributions.mean(axis=0)).mean(axis=0)
    total = float(size.sum())
    found = []
    for column in np.argsort(-size, kind="stable"):
        if size[column] > 0:
            raw = values.iloc[:, column].to_numpy(dtype=np.float64)
            known = ~np.isnan(raw)
            rank = _standardised(pd.Series(raw[known]).rank().to_numpy(dtype=np.float64))
            added = _standardised(pd.Series(contributions[known, column]).rank().to_numpy(dtype=np.float64))
            direction = float(rank @ added / max(1, known.sum()))
            name = str(values.columns[column])
            found.append(FeatureImportance(name, float(size[column]), float(size[column]) / total, direction))
    return tuple(found)


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
