"""Removal effects of the Markov chain: by hand, by simulated walks, and credits that sum to the conversions."""

import random
from collections import Counter
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.attribution import markov

PATHS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["ads", "direct", "push", "share"]), min_size=1, max_size=5),
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=8,
)


def chain_of(rows):
    """Transitions of (channels, conversions, paths to nowhere)."""
    counts = Counter()
    for channels, conversions, nulls in rows:
        for pair in pairwise(["(start)", *channels]):
            counts[pair] += conversions + nulls
        counts[channels[-1], "(conversion)"] += conversions
        counts[channels[-1], "(null)"] += nulls
    kept = [(*pair, count) for pair, count in counts.items() if count]
    return pd.DataFrame(kept, columns=pd.Index(["from_place", "to_place", "paths_count"]))


@given(rows=PATHS)
def test_credits_sum_to_the_conversions(rows):
    credited = markov(chain_of(rows))
    assert sum(credited.values()) == pytest.approx(sum(conversions for _, conversions, _ in rows))
    assert min(credited.values(), default=0) >= -1e-9


def test_markov_by_hand():
    """a > b converts, b alone does not: P = 1/2; without a 1/4, without b 0; effects 1/2 and 1."""
    chain = chain_of([(("a", "b"), 1, 0), (("b",), 0, 1)])
    assert markov(chain) == pytest.approx({"a": 1 / 3, "b": 2 / 3})
    # start > a (1/2) > conversion; start > b (1/2) > conversion 1/2: P = 3/4, without a 1/4, without b 1/2
    chain = chain_of([(("a",), 2, 0), (("b",), 1, 1)])
    assert markov(chain) == pytest.approx({"a": 3 * (2 / 3) / (2 / 3 + 1 / 3), "b": 1.0})


def test_markov_equals_walks():
    """Removal effects from 40,000 random walks along the same chain."""
    rows = [(("a", "b", "c"), 3, 4), (("b", "a"), 2, 1), (("c",), 1, 6), (("c", "c", "b"), 2, 2)]
    steps = {}
    for channels, conversions, nulls in rows:
        path = ["start", *channels]
        for source, target in pairwise(path):
            steps.setdefault(source, []).extend([target] * (conversions + nulls))
        steps.setdefault(path[-1], []).extend(["yes"] * conversions + ["no"] * nulls)
    chance = random.Random(3)

    def converts(removed):
        state = "start"
        while state not in ("yes", "no", removed):
            state = chance.choice(steps[state])
        return state == "yes"

    shares = {name: np.mean([converts(name) for _ in range(10_000)]) for name in ("none", "a", "b", "c")}
    effects = {name: 1 - shares[name] / shares["none"] for name in "abc"}
    wanted = {name: 8 * effect / sum(effects.values()) for name, effect in effects.items()}
    assert markov(chain_of(rows)) == pytest.approx(wanted, rel=0.06)


def test_no_conversions_are_no_credits():
    chain = chain_of([(("a",), 0, 3)])
    assert markov(chain) == {"a": 0.0}
