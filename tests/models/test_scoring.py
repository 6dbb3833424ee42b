"""Scoring: chunks do not change the answer, order is kept, nobody is lost."""

import numpy as np
import pandas as pd
import pytest

from models import scoring
from models.scoring import score_customers


class LogisticOfRecency:
    """A transparent model: log odds = 1 - recency / 10."""

    def explain(self, X):
        added = -((X - 15.0) / 10).to_numpy()
        return 1 / (1 + np.exp(0.5 - added[:, 0])), added


@pytest.fixture
def people():
    return pd.DataFrame({"user_id": [f"u{n}" for n in range(30)], "recency_days": np.arange(30)[::-1].astype(float)})


def test_percentile_order_and_reasons(people):
    scored = score_customers(LogisticOfRecency(), people, columns=["recency_days"])
    assert scored["user_id"].tolist() == people["user_id"].tolist()
    assert scored["percentile"].iloc[[0, -1]].tolist() == pytest.approx([1 / 30, 1.0])
    assert scored["reason_codes"].iloc[0] == ["recency_days_high"]
    assert scored["reason_codes"].iloc[-1] == ["recency_days_low"]


def test_chunks_do_not_change_the_answer(people, monkeypatch):
    whole = score_customers(LogisticOfRecency(), people, columns=["recency_days"])
    monkeypatch.setattr(scoring, "CHUNK_ROWS", 7)
    pd.testing.assert_frame_equal(whole, score_customers(LogisticOfRecency(), people, columns=["recency_days"]))


def test_equal_probabilities_share_a_percentile(people):
    same = people.assign(recency_days=5.0)
    assert score_customers(LogisticOfRecency(), same, columns=["recency_days"])["percentile"].tolist() == [1.0] * 30


def test_a_missing_feature_is_named(people):
    with pytest.raises(ValueError, match="lack orders_28d"):
        score_customers(LogisticOfRecency(), people, columns=["orders_28d"])
