"""Path contributions: what each feature added on a row's way from the roots to the leaves of an ensemble of trees.

Belongs here: turning fitted scikit-learn trees into tables of contributions by leaf. Does not belong here: blending members
and calibration (`propensity.py`), choosing reasons (`reasons.py`).

At every split the expected value of the training rows below changes; that change belongs to the feature that splits. Along a
path the changes add up to leaf minus root, so root + contributions = prediction, exactly (Saabas 2014; Palczewska et al.
2013). They depend on the leaf alone, hence one table by leaf serves all rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier

from models.blocks import in_blocks


@dataclass(frozen=True)
class PathTable:
    """Leaves of all trees, numbered through: `root` (expected value before any split), `added` (leaves, features).

    `leaf_of_node[tree]` gives the leaf's number by the node's index in its tree (-1 for inner nodes).
    """

    root: float
    added: np.ndarray
    leaf_of_node: tuple[np.ndarray, ...]

    def contributions(self, leaves: np.ndarray) -> np.ndarray:
        """Sum of the rows' path contributions over all trees, shape (n_samples, n_features); leaves (n_samples, n_trees)."""
        rows, trees = leaves.shape
        ones = np.ones(leaves.size)
        reached = csr_array((ones, leaves.ravel(), np.arange(0, leaves.size + 1, trees)), shape=(rows, len(self.added)))
        return np.asarray(reached @ self.added)


@dataclass(frozen=True)
class _Tree:
    """One tree as arrays by node: children (-1 = leaf), splitting feature, expected value of the rows below."""

    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    value: np.ndarray


def forest_paths(forest: ExtraTreesClassifier, features: int) -> PathTable:
    """Contributions to the forest's mean probability of the second class."""
    share = 1.0 / len(forest.estimators_)
    trees = []
    for estimator in forest.estimators_:
        tree = estimator.tree_
        counts = tree.value[:, 0, :]
        probability = counts[:, 1] / counts.sum(axis=1)
        trees.append(_Tree(tree.children_left, tree.children_right, tree.feature, share * probability))
    return _table(trees, features)


def forest_leaves(forest: ExtraTreesClassifier, table: PathTable, prepared: np.ndarray) -> np.ndarray:
    """Leaf numbers (n_samples, n_trees) that prepared rows (n_samples, n_features) reach."""
    nodes = forest.apply(prepared)
    return np.column_stack([number[nodes[:, tree]] for tree, number in enumerate(table.leaf_of_node)])


@dataclass(frozen=True)
class BoostingPaths:
    """A boosting's path table, and its trees rewritten to predict the number of the leaf instead of its value.

    scikit-learn's boosting does not say which leaf a row reaches; a copy whose leaves hold their own number does.
    """

    table: PathTable
    numbered: tuple

    @classmethod
    def of(cls, boosting: HistGradientBoostingClassifier, features: int) -> BoostingPaths:
        """Contributions to the log odds of the second class; trees without missing values or categories only."""
        trees, predictors = [], [stage[0] for stage in boosting._predictors]  # noqa: SLF001 its trees have no public door
        for predictor in predictors:
            nodes = predictor.nodes
            is_leaf = nodes["is_leaf"].astype(bool)
            left, right = (np.where(is_leaf, -1, nodes[side].astype(np.int64)) for side in ("left", "right"))
            trees.append(_Tree(left, right, nodes["feature_idx"], _expected_values(nodes, left, right)))
        table = _table(trees, features)
        start = float(boosting._baseline_prediction.item())  # noqa: SLF001 nor has where it starts
        table = PathTable(table.root + start, table.added, table.leaf_of_node)
        numbered = []
        for predictor, number in zip(predictors, table.leaf_of_node, strict=True):
            nodes = predictor.nodes.copy()
            nodes["value"] = number
            numbered.append(type(predictor)(nodes, predictor.binned_left_cat_bitsets, predictor.raw_left_cat_bitsets))
        return cls(table, tuple(numbered))

    def leaves(self, boosting: HistGradientBoostingClassifier, prepared: np.ndarray) -> np.ndarray:
        """Leaf numbers (n_samples, n_trees) that prepared rows (n_samples, n_features) reach."""
        known, positions = boosting._bin_mapper.make_known_categories_bitsets()  # noqa: SLF001 what its trees ask for

        def reached(rows: np.ndarray) -> np.ndarray:
            return np.column_stack([tree.predict(rows, known, positions, 1).astype(np.int32) for tree in self.numbered])

        return in_blocks(reached, np.ascontiguousarray(prepared, dtype=np.float64))


def _expected_values(nodes: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Mean leaf value of the training rows below each node; children come after their parent."""
    value = nodes["value"].astype(np.float64)
    count = nodes["count"].astype(np.float64)
    for node in range(len(nodes) - 1, -1, -1):
        if left[node] >= 0:
            below = [left[node], right[node]]
            value[node] = count[below] @ value[below] / count[below].sum()
    return value


def _table(trees: list[_Tree], features: int) -> PathTable:
    """Walk every tree from its root and note what each split changed, by leaf."""
    root, rows, numbers, leaf_count = 0.0, [], [], 0
    for tree in trees:
        added = np.zeros((len(tree.left), features))
        for node in range(len(tree.left)):  # a parent comes before its children
            for child in (tree.left[node], tree.right[node]):
                if child >= 0:
                    added[child] = added[node]
                    added[child, tree.feature[node]] += tree.value[child] - tree.value[node]
        leaves = np.flatnonzero(tree.left < 0)
        number = np.full(len(tree.left), -1, dtype=np.int32)
        number[leaves] = leaf_count + np.arange(len(leaves), dtype=np.int32)
        rows.append(added[leaves])
        numbers.append(number)
        leaf_count += len(leaves)
        root += float(tree.value[0])
    return PathTable(root, np.vstack(rows), tuple(numbers))
