"""Model cards become JSON without a NaN, and refuse what JSON cannot hold."""

import json
from dataclasses import replace

import numpy as np
import pytest

from models.evaluation import Interval
from models.model_card import ModelCard

CARD = ModelCard(
    outcome="purchase",
    horizon_days=28,
    label_definition="a paid order",
    model="blend",
    is_fallback=False,
    reason=None,
    test_origin="2024-08-21",
    evaluation_origins=("2024-07-24",),
    final_origins=("2024-07-24", "2024-08-21"),
    training_rows=10,
    training_customers=10,
    test_customers=10,
    features=("recency_days",),
    measures={"auc": Interval(0.8, float("nan"), float("inf"))},
    baselines={},
    improvements={},
)


def test_intervals_and_tuples_become_json_and_nan_becomes_null():
    card = json.loads(json.dumps(CARD.to_dict(), allow_nan=False))
    assert card["measures"]["auc"] == {"value": 0.8, "low": None, "high": None}
    assert card["final_origins"] == ["2024-07-24", "2024-08-21"]


def test_a_value_that_json_cannot_hold_is_refused():
    with pytest.raises(TypeError, match="ndarray"):
        replace(CARD, settings={"weights": np.zeros(2)}).to_dict()
