"""RFM segmentation: quintile scores of recency, frequency and spend, and the persona they name.

Belongs here: the segmentation meaning of RFM (all orders, spend in a window). Does not belong here: the
buy-till-you-die meaning (repeat days, first to last; `btyd.py`) and clusters (`clusters.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

SCORES = 5
_COLUMNS = ("user_id", "recency_days", "orders_count", "net_amount_365d")


@dataclass(frozen=True, slots=True)
class Persona:
    """One named group of customers: stable id, English and Chinese name."""

    persona: str
    name_en: str
    name_zh: str


PERSONAS: tuple[Persona, ...] = (
    Persona("champions", "Champions", "核心客户"),
    Persona("loyal", "Loyal customers", "忠诚客户"),
    Persona("potential_loyalist", "Potential loyalists", "潜在忠诚客户"),
    Persona("new_customers", "New or occasional customers", "新客或偶购客户"),
    Persona("promising", "Promising", "有潜力客户"),
    Persona("needs_attention", "Need attention", "需要关注"),
    Persona("about_to_sleep", "About to sleep", "即将沉睡"),
    Persona("at_risk", "At risk", "流失风险"),
    Persona("cannot_lose", "Cannot lose them", "不能流失"),
    Persona("hibernating", "Hibernating", "沉睡客户"),
    Persona("lost", "Lost", "已流失"),
)


def quintile_scores(values: pd.Series) -> pd.Series:
    """Score each value 1 to 5, 5 for the largest; equal values always get the same score.

    score = 1 + floor(5 * share of rows with a strictly smaller value), in integer arithmetic: a score of k says that at
    least (k - 1) fifths of the customers are strictly worse. Ties take the rank of their first row: where 90 % of a
    shop's customers have ordered once, all of them get frequency score 1. A column with a single distinct value tells
    nobody apart and gets 3. Row order has no influence. Raises ValueError for a missing value.
    """
    if values.isna().any():
        message = (
            f"{values.name}: {int(values.isna().sum())} of {len(values)} values are missing; score known values only"
        )
        raise ValueError(message)
    if values.empty or values.min() == values.max():
        return pd.Series(3, index=values.index, dtype="int64")
    strictly_smaller = values.rank(method="min").astype("int64") - 1
    return 1 + (SCORES * strictly_smaller) // len(values)


def persona_of(recency_score: int, frequency_score: int, monetary_score: int) -> str:
    """Persona id of one score combination; total over 1..5 cubed, the first rule that fits wins."""
    recent, frequent, spend = recency_score, frequency_score, monetary_score
    for name, score in (("recency", recent), ("frequency", frequent), ("monetary", spend)):
        if score not in range(1, SCORES + 1):
            message = f"{name} score {score} is outside 1..5; pass the output of quintile_scores"
            raise ValueError(message)
    if recent >= 4 and frequent >= 4 and spend >= 4:
        return "champions"
    if recent <= 2:
        return _gone_quiet(recent, frequent, spend)
    if frequent >= 4 or (frequent == 3 and spend >= 4):
        return "loyal"
    if recent == 3:
        return "needs_attention" if frequent == 3 or spend >= 3 else "about_to_sleep"
    if frequent >= 2:
        return "potential_loyalist"
    return "new_customers" if recent == SCORES else "promising"


def _gone_quiet(recent: int, frequent: int, spend: int) -> str:
    """Persona of a customer in the two least recent fifths."""
    if frequent >= 4 and spend >= 4:
        return "cannot_lose"
    if frequent >= 3 or spend >= 3:
        return "at_risk"
    return "hibernating" if recent == 2 else "lost"


_PERSONA_GRID = np.array(
    [persona_of(r, f, m) for r in range(1, 6) for f in range(1, 6) for m in range(1, 6)], dtype=object
)


def rfm_personas(features: pd.DataFrame) -> pd.DataFrame:
    """Give every customer scores 1-5, exactly one persona and a readable reason; one row per user_id, in input order.

    Input: one row per user_id with at least one paid order: recency_days (days from the last paid order to as_of),
    orders_count (all paid orders), net_amount_365d (net spend of the last 365 days; missing = no paid order in the
    window = 0). Output: user_id, recency_score, frequency_score, monetary_score, persona, persona_name_en,
    persona_name_zh, reason_en, reason_zh. Raises ValueError for missing columns, repeated users, or users without an
    order.
    """
    _check(features)
    recency_days = features["recency_days"].astype("int64")
    orders_count = features["orders_count"].astype("int64")
    spend = features["net_amount_365d"].astype("float64").fillna(0.0)
    recency_score = quintile_scores(-recency_days)
    frequency_score = quintile_scores(orders_count)
    monetary_score = quintile_scores(spend)
    cell = ((recency_score - 1) * 25 + (frequency_score - 1) * 5 + (monetary_score - 1)).to_numpy()
    persona = pd.Series(_PERSONA_GRID[cell], index=features.index, dtype="str")
    reason_en, reason_zh = _reasons(recency_days, orders_count, spend)
    return pd.DataFrame(
        {
            "user_id": features["user_id"],
            "recency_score": recency_score,
            "frequency_score": frequency_score,
            "monetary_score": monetary_score,
            "persona": persona,
            "persona_name_en": persona.map({entry.persona: entry.name_en for entry in PERSONAS}),
            "persona_name_zh": persona.map({entry.persona: entry.name_zh for entry in PERSONAS}),
            "reason_en": reason_en,
            "reason_zh": reason_zh,
        }
    )


def _check(features: pd.DataFrame) -> None:
    missing = [column for column in _COLUMNS if column not in features.columns]
    if missing:
        message = f"RFM needs the columns {', '.join(_COLUMNS)}; missing: {', '.join(missing)}"
        raise ValueError(message)
    repeated = int(features["user_id"].duplicated().sum())
    if repeated:
        message = f"RFM needs one row per user_id: {repeated} of {len(features)} rows repeat a user; pass one as_of"
        raise ValueError(message)
    without_order = int((~(features["orders_count"] >= 1)).sum())
    if without_order:
        message = f"{without_order} of {len(features)} users have no paid order; RFM is defined for customers only"
        raise ValueError(message)


def _reasons(recency_days: pd.Series, orders_count: pd.Series, spend: pd.Series) -> tuple[list[str], list[str]]:
    """Sentences in English and Chinese that restate the three numbers behind the scores."""
    english: list[str] = []
    chinese: list[str] = []
    for days, orders, amount in zip(recency_days.tolist(), orders_count.tolist(), spend.tolist(), strict=True):
        money = f"{round(amount):,}"  # a whole number: doubles know a minus nought
        english.append(f"bought {_days_ago(days)}, {orders} order{'' if orders == 1 else 's'}, {money} spent in a year")
        chinese.append(f"{days} 天前购买，共 {orders} 单，一年内消费 {money}")
    return english, chinese


def _days_ago(days: int) -> str:
    return "yesterday" if days == 1 else f"{days} days ago"
