"""Blend weights: the better member wins where rows tell it, equal weights where the gain is noise."""

import numpy as np
import pytest
from scipy.special import expit

from models.blending import EQUAL_WEIGHTS, choose_blend


def one_good_member(rows, seed=5):
    """Simulated: the first member knows the log odds, the others are noise."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=rows)
    scores = np.column_stack([truth, rng.normal(size=(rows, 2))])
    return scores, (rng.random(rows) < expit(truth)).astype(int)


def test_the_member_that_knows_wins():
    weights, platt = choose_blend(*one_good_member(4_000))
    assert weights == {"linear": 1.0, "boosting": 0.0, "forest": 0.0}
    assert platt.slope == pytest.approx(1.0, abs=0.15)


def test_equal_members_keep_equal_weights():
    scores, outcome = one_good_member(300)
    alike = np.column_stack([scores[:, 0], scores[:, 0] + 1e-3 * scores[:, 1], scores[:, 0] + 1e-3 * scores[:, 2]])
    weights, _ = choose_blend(alike, outcome)
    assert tuple(weights.values()) == EQUAL_WEIGHTS
