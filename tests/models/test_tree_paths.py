"""Path contributions: by hand on a stump, against a slow walk, and exact sums on random trees."""

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier

from models.tree_paths import BoostingPaths, forest_leaves, forest_paths


@pytest.fixture(scope="module")
def interacting():
    """Simulated: the sign of the first feature turns the effect of the second around; the third is noise."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(1_500, 3))
    return X, (X[:, 0] * X[:, 1] + 0.3 * rng.normal(size=1_500) > 0).astype(int)


def test_one_split_by_hand():
    X, y = np.array([[0.0], [0.0], [0.0], [1.0]]), np.array([0, 0, 1, 1])
    forest = ExtraTreesClassifier(1, random_state=0).fit(X, y)
    table = forest_paths(forest, 1)
    # root 2/4; left leaf 1/3: -1/6; right leaf 1: +1/2
    assert table.root == 0.5
    assert table.contributions(forest_leaves(forest, table, X)).ravel() == pytest.approx([-1 / 6] * 3 + [1 / 2])


def test_boosting_adds_up_to_its_log_odds(interacting):
    X, y = interacting
    boosting = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=8, random_state=0).fit(X, y)
    paths = BoostingPaths.of(boosting, 3)
    added = paths.table.contributions(paths.leaves(boosting, X))
    assert paths.table.root + added.sum(axis=1) == pytest.approx(boosting.decision_function(X), abs=1e-9)
    size = np.abs(added).mean(axis=0)
    assert size[:2].min() > 5 * size[2]  # the noise moves little


def test_forest_adds_up_and_equals_a_slow_walk(interacting):
    X, y = interacting
    forest = ExtraTreesClassifier(7, max_leaf_nodes=16, bootstrap=True, random_state=0).fit(X, y)
    table = forest_paths(forest, 3)
    added = table.contributions(forest_leaves(forest, table, X))
    assert table.root + added.sum(axis=1) == pytest.approx(forest.predict_proba(X)[:, 1], abs=1e-12)
    for row in (0, 700, 1_499):
        slow = np.zeros(3)
        for tree in forest.estimators_:
            path = tree.decision_path(X[row : row + 1]).indices
            seen = tree.tree_.value[path, 0, 1] / tree.tree_.value[path, 0, :].sum(axis=1)
            for parent, before, after in zip(path[:-1], seen[:-1], seen[1:], strict=True):
                slow[tree.tree_.feature[parent]] += (after - before) / 7
        assert added[row] == pytest.approx(slow, abs=1e-12)
