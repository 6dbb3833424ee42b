"""Best time of contact: own habits where known, the persona's where not, and a share of later activity that beats both."""

import numpy as np
import pytest

from models.contact_time import STRENGTHS, best_strength, judge, prior_shares, recommend, share_reached


def habits(customers: int = 900, seed: int = 3):
    """Simulated: two personas with other evenings, customers with hours of their own around them; counts before and after."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 2, customers)
    hours = np.arange(24)
    centre = np.where(group == 0, 9.0, 20.0) + rng.normal(0, 2.0, customers)
    distance = np.abs(hours - centre[:, None])
    share = np.exp(-0.5 * (np.minimum(distance, 24 - distance) / 1.5) ** 2) + 0.02
    share /= share.sum(axis=1, keepdims=True)
    size = rng.poisson(3, customers)
    before, after = (
        np.vstack([rng.multinomial(count, row) for count, row in zip(size, share, strict=True)]) for _ in "ab"
    )
    return before, after, group


def test_recommended_hours_reach_more_than_persona_everybody_and_raw_habit():
    before, after, group = habits()
    found = judge(before, after, group=group, groups=2, neighbours=1)
    assert found["trellis"] > found["own most frequent"] + 0.01
    assert found["trellis"] > found["persona"] + 0.02
    assert found["persona"] > found["everybody"] + 0.05


def test_who_is_unknown_gets_the_personas_hour_and_who_has_none_everybodys():
    counts = np.zeros((40, 24))
    counts[:20, 8], counts[20:38, 21] = 50, 80
    group = np.array([0] * 19 + [0] + [1] * 18 + [1, -1])
    counts[19] = 0
    found = recommend(counts, group, groups=2)
    assert (found.choice[19], found.source[19]) == (8, "persona")
    assert (found.choice[38], found.source[38]) == (21, "persona")
    # everybody: 19 x 50 at eight, 18 x 80 at nine in the evening
    assert (found.choice[39], found.source[39]) == (21, "all")
    assert found.source[0] == "user"


def test_the_window_closes_over_midnight():
    counts = np.zeros((1, 24))
    counts[0, [23, 0, 1, 12]] = [5, 1, 5, 6]
    assert recommend(np.repeat(counts, 5, axis=0), np.full(5, -1), groups=0, neighbours=1).choice.tolist() == [0] * 5
    assert recommend(np.repeat(counts, 5, axis=0), np.full(5, -1), groups=0).choice.tolist() == [12] * 5
    # 5 + 1 + 5 of 17
    assert share_reached(np.array([0]), counts, neighbours=1) == pytest.approx(11 / 17)


def test_strength_is_small_where_customers_differ_and_large_where_they_do_not():
    rng = np.random.default_rng(1)
    everybody = np.full(6, 1 / 6)
    alike = rng.multinomial(30, everybody, 300)
    apart = 30 * np.eye(6)[rng.integers(0, 6, 300)]
    prior = np.tile(everybody, (300, 1))
    assert best_strength(alike, prior) >= 100
    assert best_strength(apart, prior) == STRENGTHS[0]
    assert best_strength(np.zeros((3, 6)), prior[:3]) == STRENGTHS[-1]


def test_small_personas_are_drawn_towards_everybody():
    counts = np.zeros((3, 2))
    counts[0], counts[1], counts[2] = [600, 0], [0, 0], [0, 200]
    shares, everybody = prior_shares(counts, np.array([0, 1, 2]), groups=3)
    assert everybody == pytest.approx([0.75, 0.25])
    assert shares[1] == pytest.approx(everybody)
    # (0 + 200 x 3/4) / (200 + 200)
    assert shares[2, 0] == pytest.approx(0.375)


def test_silence_afterwards_judges_nothing():
    with pytest.raises(ValueError, match="none of 2 customers has activity"):
        judge(np.ones((2, 24)), np.zeros((2, 24)), group=np.zeros(2, dtype=int), groups=1)
