"""Clusters find planted groups, keep their ids from run to run, and say when there is too little to group."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from models.clusters import ClusterState, StableKMeans, assign_clusters


def planted(users: int = 1200, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """Four well separated groups of customers, and which group each belongs to."""
    random = np.random.default_rng(seed)
    centres = np.array([[5, 30, 3000], [10, 4, 200], [150, 20, 1500], [200, 1, 30]])
    group = random.integers(0, 4, users)
    values = centres[group] * np.exp(random.normal(0, 0.15, (users, 3)))
    frame = pd.DataFrame(
        {
            "user_id": [f"u{number:05d}" for number in range(users)],
            "recency_days": np.ceil(values[:, 0]).astype(int),
            "orders_count": np.ceil(values[:, 1]).astype(int),
            "net_amount_365d": values[:, 2],
        }
    )
    return frame, group


def test_planted_groups_are_found_whatever_the_row_order():
    frame, group = planted()
    found = assign_clusters(frame).frame
    assert adjusted_rand_score(group, found["cluster_id"]) > 0.95
    shuffled = assign_clusters(frame.sample(frac=1, random_state=3)).frame
    pd.testing.assert_frame_equal(found, shuffled)
    assert found["cluster_name_en"].nunique() == found["cluster_id"].nunique() == found["cluster_name_zh"].nunique()


def test_next_month_keeps_ids_names_and_version():
    frame, _ = planted()
    first = assign_clusters(frame)
    later = frame.assign(recency_days=frame["recency_days"] + 1, net_amount_365d=frame["net_amount_365d"] * 1.01)
    again = assign_clusters(later, ClusterState.from_dict(json.loads(json.dumps(first.state.to_dict()))))
    assert again.state.version == 1
    assert (first.frame["cluster_id"] == again.frame["cluster_id"]).mean() > 0.95
    assert again.state.names_en == first.state.names_en


def test_another_structure_of_the_shop_gets_a_new_version():
    frame, _ = planted()
    first = assign_clusters(frame)
    moved, _ = planted(seed=2)
    moved = moved.assign(
        recency_days=1, orders_count=moved["recency_days"], net_amount_365d=moved["recency_days"] * 10.0
    )
    again = assign_clusters(moved, first.state)
    assert again.state.version == 2


def test_too_few_customers_are_one_group_and_the_name_says_so():
    frame, _ = planted(users=20)
    found = assign_clusters(frame).frame
    assert set(found["cluster_id"]) == {1}
    assert "too few" in found["cluster_name_en"].iloc[0]


def test_negative_spend_is_data():
    frame, _ = planted()
    frame.loc[0, "net_amount_365d"] = -500.0
    assert assign_clusters(frame).frame["cluster_id"].notna().all()


@pytest.mark.slow
@parametrize_with_checks([StableKMeans(n_clusters_range=(2, 3), n_bootstraps=2)])
def test_scikit_learn_conformance(estimator, check):
    check(estimator)
