"""Next products of each customer, from implicit feedback: what they buy again, and what goes with what they bought.

Belongs here: item-item similarity (the library `implicit`), the baselines beside it, and their measures. Does not
belong here: reading purchases (`sql/analysis/product_days.sql`), pairs of one basket (`association.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from implicit.nearest_neighbours import ItemItemRecommender, NearestNeighboursScorer
from scipy.sparse import csr_matrix, diags_array

NEIGHBOURS = 30
HALF_LIFE_DAYS = 56.0
TOP = 10
JUDGED_AT_MOST = 2_000
OWN_WEIGHT = 30.0
"""How much a product bought before counts more than one that only goes with it; see docs/outcomes.md for what it rests on."""
POPULARITY, REPEAT, TRELLIS = "popularity", "bought before", "trellis"


@dataclass(frozen=True)
class Purchases:
    """Purchases known at an origin, one row per customer, product and day: numbers from 0, days of age, all (n_rows,)."""

    user: np.ndarray
    item: np.ndarray
    age_days: np.ndarray
    users: int
    items: int

    def weights(self) -> csr_matrix:
        """Customer x product: purchase days, each halved per 56 days of age, on a log scale; (users, items)."""
        value = 0.5 ** (self.age_days / HALF_LIFE_DAYS)
        table = csr_matrix((value, (self.user, self.item)), shape=(self.users, self.items))
        table.data = np.log1p(table.data)
        return table


@dataclass(frozen=True)
class Recommendations:
    """The first products of each customer, best first: product numbers and scores, (n_users, top); none is repeated."""

    item: np.ndarray
    score: np.ndarray


def most_popular(weights: csr_matrix) -> np.ndarray:
    """Return product numbers by the customers who bought them, most first; ties by number. Shape (items,)."""
    buyers = np.bincount(weights.indices, minlength=_products(weights))
    return np.lexsort((np.arange(len(buyers)), -buyers))


class NextProducts:
    """Item-item cosine similarity with a weight on the customer's own products. Build it with `NextProducts.fit`."""

    def __init__(self, weights: csr_matrix, similarity: csr_matrix, *, own_weight: float) -> None:
        """Take the fitted parts; `own_weight` is added to every product's similarity with itself."""
        self.weights = weights
        self.similarity = similarity
        self.own_weight = own_weight
        self.popular = most_popular(weights)

    @classmethod
    def fit(cls, purchases: Purchases, *, own_weight: float = OWN_WEIGHT) -> NextProducts:
        """Fit on the purchases before an origin; one thread, so that equal purchases give equal products."""
        weights = purchases.weights()
        length = np.sqrt(np.asarray(weights.multiply(weights).sum(axis=0)).ravel())
        cosine = csr_matrix(weights @ diags_array(1.0 / np.where(length > 0, length, 1.0)))
        model = ItemItemRecommender(K=min(NEIGHBOURS, purchases.items), num_threads=1)
        model.fit(cosine, show_progress=False)
        return cls(weights, csr_matrix(model.similarity), own_weight=own_weight)

    def recommend(self, users: np.ndarray, *, top: int = TOP) -> Recommendations:
        """Return the best products of these customers (numbers); popular ones fill up where too few go with theirs."""
        own = diags_array(np.full(_products(self.similarity), float(self.own_weight)))
        return _best(self.weights, csr_matrix(self.similarity + own), users, popular=self.popular, top=top)


def bought_before(weights: csr_matrix, users: np.ndarray, *, top: int = TOP) -> Recommendations:
    """Return what each customer bought most, lately counting more; popular products fill up."""
    identity = csr_matrix(diags_array(np.ones(_products(weights))))
    return _best(weights, identity, users, popular=most_popular(weights), top=top)


def popular_for_all(weights: csr_matrix, users: np.ndarray, *, top: int = TOP) -> Recommendations:
    """Return the same most popular products for everybody."""
    popular = most_popular(weights)[:top]
    return Recommendations(np.tile(popular, (len(users), 1)), np.zeros((len(users), len(popular))))


def judge(found: Recommendations, bought: csr_matrix) -> dict[str, float]:
    """Return hit_rate, recall and map (mean average precision), each at the number of products recommended.

    `bought`: what the same customers bought after the origin, (n_users, items), everybody something. Average precision counts
    at most `top` products as findable, as the list can hold no more.
    """
    top = found.item.shape[1]
    users = np.arange(len(found.item))[:, None]
    hit = np.asarray(bought[np.broadcast_to(users, found.item.shape), found.item].todense()) > 0
    wanted = np.diff(bought.indptr)
    precision = np.cumsum(hit, axis=1) / np.arange(1, top + 1)
    return {
        "hit_rate": float(hit.any(axis=1).mean()),
        "recall": float((hit.sum(axis=1) / wanted).mean()),
        "map": float(((precision * hit).sum(axis=1) / np.minimum(wanted, top)).mean()),
    }


def judge_methods(model: NextProducts, bought: csr_matrix) -> dict[str, dict[str, float]]:
    """Return method -> measures on (at most 2,000, evenly spread) customers who bought something: see `judge`."""
    users = np.flatnonzero(np.diff(bought.indptr) > 0)
    users = users[:: 1 + len(users) // JUDGED_AT_MOST]
    later = csr_matrix(bought[users])
    lists = {
        TRELLIS: model.recommend(users),
        REPEAT: bought_before(model.weights, users),
        POPULARITY: popular_for_all(model.weights, users),
    }
    return {name: judge(found, later) for name, found in lists.items()}


def _best(
    weights: csr_matrix, table: csr_matrix, users: np.ndarray, *, popular: np.ndarray, top: int
) -> Recommendations:
    """Score customers with a product x product table and keep the best `top` of each, filled up with popular ones at 0."""
    top = min(top, _products(weights))
    model = ItemItemRecommender(K=NEIGHBOURS, num_threads=1)
    model.similarity, model.scorer = table, NearestNeighboursScorer(table)
    item, score = model.recommend(users, csr_matrix(weights[users]), N=top, filter_already_liked_items=False)
    unknown = (item < 0) | (score <= 0)
    score = np.where(unknown, 0.0, score)
    for number in np.flatnonzero(unknown.any(axis=1)):
        own = item[number][~unknown[number]]
        item[number] = np.concatenate([own, popular[~np.isin(popular, own)][: top - len(own)]])
    return Recommendations(item, score)


def _products(table: csr_matrix) -> int:
    """Return the number of columns."""
    return int(table.shape[1])  # pyright: ignore[reportOptionalSubscript] a matrix has a shape
