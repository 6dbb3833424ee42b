"""Baselines rank the right way round for both outcomes, people without an order included."""

import numpy as np
import pandas as pd

from models.baselines import recency_rule, rfm_regression, rfm_score

PEOPLE = pd.DataFrame(
    {
        "user_id": ["fresh", "stale", "browser"],
        "recency_days": [2.0, 90.0, np.nan],
        "last_active_days": [2.0, 60.0, 1.0],
        "orders_count": [9, 1, 0],
        "net_amount_365d": [500.0, 20.0, np.nan],
    }
)


def ranking(score):
    return PEOPLE["user_id"].iloc[np.argsort(-score)].tolist()


def test_recency_ranks_the_last_buyer_first_and_the_longest_silent_first_for_churn():
    assert ranking(recency_rule(PEOPLE, outcome="purchase")) == ["fresh", "stale", "browser"]
    assert ranking(recency_rule(PEOPLE, outcome="churn")) == ["stale", "fresh", "browser"]
    orders_only = PEOPLE.drop(columns="last_active_days")
    assert ranking(recency_rule(orders_only, outcome="churn")) == ["browser", "stale", "fresh"]


def test_rfm_score_is_the_sum_of_quintiles():
    # two customers: scores 3 + 3 + 3 and 1 + 1 + 1, the browser has none
    assert rfm_score(PEOPLE, outcome="purchase").tolist() == [9.0, 3.0, 0.0]
    assert rfm_score(PEOPLE, outcome="churn").tolist() == [-9.0, -3.0, 0.0]


def test_regression_accepts_missing_values():
    columns = ["recency_days", "orders_count", "net_amount_365d"]
    model = rfm_regression().fit(PEOPLE[columns].astype(float), [1, 0, 0])
    assert model.predict_proba(PEOPLE[columns].astype(float))[:, 1].argmax() == 0
