"""Association rules against counting every subset, against arules' published numbers, and at exact ties."""

from fractions import Fraction
from itertools import combinations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.association import Thresholds, adaptive_baskets, count_people, rules

BASKETS = st.lists(st.lists(st.sampled_from("abcde"), unique=True, min_size=1).map(tuple), max_size=12)


@given(baskets=BASKETS, least=st.integers(1, 3), confidence=st.sampled_from(["0.2", "0.25", "0.5", "0.6"]))
def test_rules_equal_counting_every_subset(baskets, least, confidence):
    def count(items):
        return sum(set(items) <= set(basket) for basket in baskets)

    wanted = set()
    for size in range(2, 5):
        for items in combinations("abcde", size):
            for item in items:
                rest = tuple(other for other in items if other != item)
                both = count(items)
                if both >= least and Fraction(both, count(rest)) >= Fraction(confidence):
                    wanted.add((", ".join(rest), item, both, count(rest), count([item])))
    found = rules(baskets, Thresholds(least, confidence))
    names = ["antecedent", "consequent", "baskets_count", "antecedent_count", "consequent_count"]
    assert set(found[names].itertuples(index=False, name=None)) == wanted
    assert len(found) == len(wanted)


def test_a_tie_at_the_threshold_is_kept():
    baskets = [("a", "b"), *[("a",)] * 4]
    table = rules(baskets, Thresholds(1, "0.2"))
    row = table[table["antecedent"] == "a"].iloc[0]
    assert (row["confidence"], row["lift"]) == (0.2, 1.0)
    assert row["leverage"] == pytest.approx(0.2 - 1.0 * 0.2)


@given(baskets=BASKETS, buyers=st.lists(st.sampled_from("xyz"), min_size=12, max_size=12))
def test_people_behind_a_rule_are_different_buyers(baskets, buyers):
    table = rules(baskets, Thresholds(1, "0"))
    found = count_people(table, baskets, buyers[: len(baskets)])
    wanted = [
        len({buyer for buyer, basket in zip(buyers, baskets, strict=False) if set(items) <= set(basket)})
        for items in table["items"]
    ]
    assert found.tolist() == wanted


def test_minimum_support_follows_the_size():
    assert adaptive_baskets([("a",)] * 100) == 10
    assert adaptive_baskets([("a",)] * 50_001) == 51
    many = [(f"i{n % 1_500}", "bread") for n in range(30_000)]
    assert adaptive_baskets(many) == 30
    assert adaptive_baskets(many, share="0.0001") == 21  # 1,500 items of 20 baskets each are too many


@pytest.mark.real
@pytest.mark.parametrize(
    "support, confidence, number",
    [
        pytest.param("0.001", "0.5", 5_668, marks=pytest.mark.slow),
        pytest.param("0.001", "0.8", 410, marks=pytest.mark.slow),
        ("0.006", "0.25", 463),
        ("0.01", "0.5", 15),
    ],
)
def test_groceries_give_the_published_rules(real_data, support, confidence, number):
    """apriori(Groceries, list(support, confidence)) of arules: 5668 in its vignettes, the others in textbooks (minlen 2)."""
    lines = pd.read_csv(real_data("groceries_arules") / "groceries_long.csv")
    baskets = [tuple(items) for items in lines.groupby("transaction_id")["item"].unique()]
    assert len(baskets) == 9_835
    least = -(-Fraction(support) * len(baskets) // 1)
    table = rules(baskets, Thresholds(int(least), confidence, items_at_most=10))
    assert len(table) == number
