"""Next products: similarity is the cosine, own products weigh, popular ones fill up, measures by hand, planted tastes found."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from models.recommendation import (
    NextProducts,
    Purchases,
    Recommendations,
    bought_before,
    judge,
    judge_methods,
    most_popular,
)


def purchases(pairs, *, users: int, items: int, age: float = 10.0) -> Purchases:
    user, item = np.array(pairs).T
    return Purchases(user, item, np.full(len(user), age), users, items)


def test_similarity_is_the_cosine_of_the_weights():
    known = purchases([(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (2, 2)], users=3, items=3)
    table = known.weights().toarray()
    assert table[0, 0] == pytest.approx(np.log1p(0.5 ** (10 / 56)))
    cosine = table.T @ table / np.outer(*[np.linalg.norm(table, axis=0)] * 2)
    assert NextProducts.fit(known).similarity.toarray() == pytest.approx(cosine)


def test_a_purchase_fades_and_repeats_add_up():
    known = Purchases(np.array([0, 0, 0]), np.array([0, 0, 1]), np.array([56.0, 56.0, 56.0]), 1, 2)
    # twice a half, once a half, on a log scale
    assert known.weights().toarray()[0] == pytest.approx([np.log1p(1.0), np.log1p(0.5)])


def test_own_products_come_first_then_what_goes_with_them_then_popular_ones():
    # 0 and 1 go together, 2 is popular among others, 3 is bought by one other, 4 by nobody
    pairs = [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), *[(user, 2) for user in range(3, 9)], (8, 3)]
    model = NextProducts.fit(purchases(pairs, users=9, items=5))
    found = model.recommend(np.array([0]), top=4)
    assert found.item[0].tolist() == [0, 1, 2, 3]
    assert found.score[0, 0] > found.score[0, 1] > 0
    assert found.score[0, 2:].tolist() == [0.0, 0.0]
    assert bought_before(model.weights, np.array([1]), top=3).item[0].tolist()[2] == 2
    assert most_popular(model.weights).tolist() == [2, 0, 1, 3, 4]


def test_lists_hold_each_product_once_and_do_not_depend_on_the_batch():
    rng = np.random.default_rng(2)
    known = purchases(np.unique(rng.integers(0, 40, (900, 2)), axis=0), users=40, items=40)
    model = NextProducts.fit(known)
    everybody = model.recommend(np.arange(40))
    assert all(len(set(row)) == 10 for row in everybody.item.tolist())
    assert (np.diff(everybody.score, axis=1) <= 0).all()
    alone = model.recommend(np.array([17]))
    assert alone.item[0].tolist() == everybody.item[17].tolist()


def test_a_shop_with_fewer_products_than_places_lists_them_all():
    found = NextProducts.fit(purchases([(0, 0), (1, 1)], users=2, items=2)).recommend(np.array([0, 1]))
    assert found.item.tolist() == [[0, 1], [1, 0]]


def test_measures_by_hand():
    found = Recommendations(np.array([[3, 1, 2], [0, 1, 2]]), np.zeros((2, 3)))
    bought = csr_matrix(np.array([[0, 1, 1, 0], [0, 0, 0, 1]]))
    # first: hits at places 2 and 3, precision 1/2 and 2/3, two wanted; second: none of one
    assert judge(found, bought) == pytest.approx({"hit_rate": 0.5, "recall": 0.5, "map": (1 / 2 + 2 / 3) / 2 / 2})


def test_planted_tastes_beat_popularity_and_repeats():
    """Simulated customers with one of ten tastes buy new products of it: neither popularity nor their past shows which."""
    rng = np.random.default_rng(5)
    taste = rng.integers(0, 10, 400)
    items = np.array([rng.permutation(30)[:12] + 30 * own for own in taste])
    before = [(user, item) for user in range(400) for item in items[user, :7]]
    later = csr_matrix((np.ones(400 * 5), (np.repeat(np.arange(400), 5), items[:, 7:].ravel())), shape=(400, 300))
    model = NextProducts.fit(purchases(before, users=400, items=300))
    found = judge_methods(model, later)
    assert found["bought before"]["recall"] < 0.1
    assert found["trellis"]["recall"] > found["bought before"]["recall"] + 0.02
    assert found["trellis"]["recall"] > found["popularity"]["recall"] + 0.02
