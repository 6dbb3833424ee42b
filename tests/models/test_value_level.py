"""Levels: the source with the least error on the trials, and the factor it stands for."""

import numpy as np
import pandas as pd
import pytest

from models.value_level import Trial, choose_level, level_of


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
def test_source_with_the_least_error(actual, own, histories, source):
    assert choose_level(trials(actual, own, histories), "boosting") == source


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
    assert level_of("own", members, "boosting", customers, seen) == 1.0
    assert level_of("histories", members, "boosting", customers, seen) == pytest.approx(0.8)
    assert level_of("trend", members, "boosting", customers, seen) == pytest.approx(100 / 80)
    assert level_of("histories", {"boosting": Says(1.0), "btyd": Says(9.0)}, "boosting", customers, seen) == 2.0
    assert level_of("histories", members, "boosting", customers.head(0), seen) == 1.0
