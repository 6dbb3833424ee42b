"""Intervals of a mean: of nothing there is none, they hold the truth as often as they say, and agree where both apply."""

import numpy as np
import pytest

from models.means import bootstrap_interval, normal_interval


def sums(values):
    return len(values), values.sum(), (values**2).sum()


def test_normal_interval_by_hand():
    # 0 and 30: mean 15, variance 450, standard error 15
    assert normal_interval(2, 30, 900) == pytest.approx((15 - 29.3994597681, 15 + 29.3994597681))


def test_below_two_values_there_is_none():
    assert np.isnan([*normal_interval(1, 5, 25), *bootstrap_interval(np.array([5.0]), np.random.default_rng(0))]).all()


def test_both_agree_on_a_large_calm_group():
    values = np.random.default_rng(1).normal(100, 10, 1_500)
    found = bootstrap_interval(values, np.random.default_rng(2))
    assert found == pytest.approx(normal_interval(*sums(values)), abs=0.1)


def test_order_does_not_matter():
    values = np.random.default_rng(1).exponential(10, 50)
    first, second = (bootstrap_interval(part, np.random.default_rng(2)) for part in (values, values[::-1].copy()))
    assert first == second


@pytest.mark.slow
def test_the_interval_holds_the_truth():
    random = np.random.default_rng(3)
    inside = 0
    for _ in range(200):
        low, high = bootstrap_interval(random.exponential(10, 80), random)
        inside += low <= 10 <= high
    assert 0.89 <= inside / 200 <= 0.98
