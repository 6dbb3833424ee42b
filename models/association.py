"""Association rules of baskets: found by efficient-apriori, kept or dropped by exact comparison of whole numbers.

A rule at exactly the threshold is kept: 1 / 5 is not less than 0.2, whatever floating point makes of it. Which orders are
baskets is decided by the caller.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np
import pandas as pd

FREQUENT_ITEMS_AT_MOST = 1_000
_SLACK = 1e-9


@dataclass(frozen=True)
class Thresholds:
    """What a rule must reach: baskets with all its items, and confidence as a decimal text such as `0.2`."""

    baskets_at_least: int
    confidence: str
    items_at_most: int = 4


def adaptive_baskets(baskets: Sequence[tuple[str, ...]], *, share: str = "0.001", at_least: int = 10) -> int:
    """Return the minimum support in baskets: a share of them, never under `at_least`, and high enough that no more than
    1,000 items are frequent, so that large shops get an answer in bounded time.
    """  # fmt: skip
    counts = pd.Series([item for basket in baskets for item in set(basket)], dtype="object").value_counts()
    needed = max(at_least, ceil(Fraction(share) * len(baskets)))
    if len(counts) > FREQUENT_ITEMS_AT_MOST:
        needed = max(needed, int(counts.iloc[FREQUENT_ITEMS_AT_MOST]) + 1)
    return needed


def rules(baskets: Sequence[tuple[str, ...]], thresholds: Thresholds) -> pd.DataFrame:
    """Return one row per rule with one consequent: `antecedent, consequent` (text), `baskets_count` with all items,
    `antecedent_count, consequent_count, items` (of both sides), `support, confidence, lift, leverage`, strongest first.

    Agrawal and Srikant (1994). Leverage = support - support of antecedent x support of consequent.
    """  # fmt: skip
    from efficient_apriori import itemsets_from_transactions

    total = len(baskets)
    columns = ["antecedent", "consequent", "baskets_count", "antecedent_count", "consequent_count", "items"]
    found: list[tuple[str, str, int, int, int, tuple[str, ...]]] = []
    if thresholds.baskets_at_least <= total:
        floor = max(0.0, thresholds.baskets_at_least / total - _SLACK)
        itemsets, _ = itemsets_from_transactions(list(baskets), floor, max_length=thresholds.items_at_most)
        counts = {
            items: int(str(count))
            for level in itemsets.values()
            for items, count in level.items()
            if int(str(count)) >= thresholds.baskets_at_least
        }
        least = Fraction(thresholds.confidence)
        for items, count in counts.items():
            for item in items if len(items) > 1 else ():
                rest = tuple(other for other in items if other != item)
                if count * least.denominator >= least.numerator * counts[rest]:
                    found.append((", ".join(rest), item, count, counts[rest], counts[(item,)], items))
    table = pd.DataFrame(found, columns=pd.Index(columns))
    both, left, right = (table[name].astype(float) for name in columns[2:5])
    table["support"] = both / max(total, 1)
    table["confidence"] = both / left
    table["lift"] = both * total / (left * right)
    table["leverage"] = both / max(total, 1) - left * right / max(total, 1) ** 2
    order = ["lift", "baskets_count", "antecedent", "consequent"]
    return table.sort_values(order, ascending=[False, False, True, True], ignore_index=True)


def count_people(table: pd.DataFrame, baskets: Sequence[tuple[str, ...]], people: Sequence[str]) -> pd.Series:
    """Return how many different people stand behind the baskets of each rule; `people` names the buyer of each basket."""
    person = pd.factorize(pd.Series(people, dtype="object"))[0]
    pairs = [(item, number) for number, items in enumerate(baskets) for item in items]
    places = pd.DataFrame(pairs, columns=pd.Index(["item", "basket"])).groupby("item")["basket"].unique()
    counts = []
    for items in table["items"]:
        shared = places[items[0]]
        for item in items[1:]:
            shared = np.intersect1d(shared, places[item], assume_unique=True)
        counts.append(len(np.unique(person[shared])))
    return pd.Series(counts, index=table.index, dtype="int64")
