"""Levels: the source with the least error on the trials counts most, and the factor each stands for."""

import numpy as np
import pandas as pd
import pytest

from models.value_level import Trial, level_of, level_weights


def trials(actual, own, histories=None):
    return [
        Trial(total, {"boosting": mine} | ({"btyd": histories[number]} if histories else {}), {})
        for number, (total, mine) in enumerate(zip(actual, own, strict=True))
    ]


@pytest.mark.parametrize(
    "actual, own, histories, source",
    [
        ([100, 100, 100], [100, 110, 90], [150, 150, 150], "own"),
        ([100, 100, 100], [150, 60, 150], [100, 110, 90], "histories"),
        ([100, 110, 121], [80, 88, 97], [70, 70, 70], "trend"),  # always a fifth too low
        ([100, 110], [80, 88], [70, 70], "own"),  # a trend needs a trial before each it is judged on
        ([100], [100], [50], "histories"),  # one window says nothing of how levels move
        ([], [], None, "own"),
        ([100, 100], [10, 10], None, "own"),  # purchase histories could not be fitted
    ],
)
def test_the_source_with_the_least_error_counts_most(actual, own, histories, source):
    weights = level_weights(trials(actual, own, histories), "boosting")
    assert max(weights, key=lambda name: weights[name]) == source
    assert sum(weights.values()) == pytest.approx(1.0)


def test_weights_by_hand():
    # errors log 1.2 and log 1.2 against log 1.1 and log 1.1; a hundredth is luck
    weights = level_weights(trials([100, 100], [120, 120], [110, 110]), "boosting")
    own, histories = np.log(1.2) ** 2 + 1e-4, np.log(1.1) ** 2 + 1e-4
    assert weights["own"] == pytest.approx((1 / own) / (1 / own + 1 / histories))


def test_two_perfect_sources_share():
    assert level_weights(trials([100, 90], [100, 90], [100, 90]), "boosting")["own"] == pytest.approx(0.5)


class Says:
    """A way to foresee that says one amount of everybody."""

    def __init__(self, amount):
        self.amount = amount

    def predict(self, features):
        return np.full(len(features), self.amount)


def test_factor_of_each_source_by_hand():
    customers = pd.DataFrame({"user_id": ["a", "b"]})
    members = {"boosting": Says(10.0), "btyd": Says(8.0)}
    seen = trials([100, 100], [90, 80], [1, 1])

    def factor(weights, ways=members, rows=customers):
        return level_of(weights, ways, "boosting", rows, seen)

    assert factor({"own": 1.0}) == 1.0
    assert factor({"histories": 1.0}) == pytest.approx(0.8)
    assert factor({"trend": 1.0}) == pytest.approx(100 / 80)
    assert factor({"own": 0.5, "histories": 0.5}) == pytest.approx(0.8**0.5)
    assert factor({"histories": 1.0}, {"boosting": Says(1.0), "btyd": Says(9.0)}) == 2.0
    assert factor({"histories": 1.0}, rows=customers.head(0)) == 1.0
