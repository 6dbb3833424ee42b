"""Attribution: rules by hand, Shapley by its definition, Markov by simulated walks, credits that sum to the conversions."""

import random
from itertools import combinations, pairwise
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.attribution import RULES, by_rule, markov, shapley

PATHS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["ads", "direct", "push", "share"]), min_size=1, max_size=5).map(tuple),
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=8,
)


def as_paths(rows):
    frame = pd.DataFrame(rows, columns=pd.Index(["channels", "conversions", "nulls"]))
    return frame.assign(value=10.0 * frame["conversions"])


def shapley_by_coalitions(paths):
    names = sorted({channel for channels in paths["channels"] for channel in channels})
    sets = [
        (frozenset(channels), float(n)) for channels, n in paths[["channels", "conversions"]].itertuples(index=False)
    ]

    def worth(coalition):
        return sum(conversions for channels, conversions in sets if channels <= coalition)

    values = {}
    for name in names:
        others = [other for other in names if other != name]
        values[name] = sum(
            (worth(frozenset(group) | {name}) - worth(frozenset(group))) / (len(names) * comb(len(others), size))
            for size in range(len(names))
            for group in combinations(others, size)
        )
    return values


@pytest.mark.parametrize(
    "rule, channels, wanted",
    [
        ("first", "abc", [1, 0, 0]),
        ("last", "abc", [0, 0, 1]),
        ("last_non_direct", ["a", "b", "direct"], [0, 1, 0]),
        ("last_non_direct", ["direct", "direct"], [0, 1]),
        ("linear", "abcd", [0.25] * 4),
        ("position", "a", [1]),
        ("position", "ab", [0.5, 0.5]),
        ("position", "abc", [0.4, 0.2, 0.4]),
        ("position", "abcd", [0.4, 0.1, 0.1, 0.4]),
    ],
)
def test_rules_by_hand(rule, channels, wanted):
    assert RULES[rule](channels).tolist() == pytest.approx(wanted)


@given(rows=PATHS)
def test_credits_sum_to_the_conversions(rows):
    paths = as_paths(rows)
    total = paths["conversions"].sum()
    for rule in RULES.values():
        credited = by_rule(paths, rule)
        assert sum(conversions for conversions, _ in credited.values()) == pytest.approx(total)
        assert sum(value for _, value in credited.values()) == pytest.approx(10 * total)
    assert sum(shapley(paths).values()) == pytest.approx(total)
    assert sum(markov(paths).values()) == pytest.approx(total)


@given(rows=PATHS)
def test_shapley_equals_its_definition(rows):
    assert shapley(as_paths(rows)) == pytest.approx(shapley_by_coalitions(as_paths(rows)))


def test_markov_by_hand():
    """a > b converts, b alone does not: P = 1/2; without a 1/4, without b 0; effects 1/2 and 1."""
    paths = as_paths([(("a", "b"), 1, 0), (("b",), 0, 1)])
    assert markov(paths) == pytest.approx({"a": 1 / 3, "b": 2 / 3})
    # start > a (1/2) > conversion; start > b (1/2) > conversion 1/2: P = 3/4, without a 1/4, without b 1/2
    paths = as_paths([(("a",), 2, 0), (("b",), 1, 1)])
    assert markov(paths) == pytest.approx({"a": 3 * (2 / 3) / (2 / 3 + 1 / 3), "b": 1.0})


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
    assert markov(as_paths(rows)) == pytest.approx(wanted, rel=0.06)


def test_no_conversions_are_no_credits():
    paths = as_paths([(("a",), 0, 3)])
    assert markov(paths) == shapley(paths) == {"a": 0.0}
