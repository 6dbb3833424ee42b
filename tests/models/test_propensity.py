"""Propensity: conformance, beats a baseline, calibrated out of time, deterministic, total on odd columns."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from models.blending import MEMBERS
from models.calibration import PlattScaling, logit
from models.propensity import PropensityModel

SMALL = {"forest_size": 15, "boosting_rounds": 40}


@pytest.mark.slow
@parametrize_with_checks([PropensityModel(forest_size=4, boosting_rounds=4)])
def test_scikit_learn_conformance(estimator, check):
    check(estimator)


def snapshots(origins: int = 5, users: int = 600, seed: int = 3):
    """Simulated: probability depends on a bent recency effect and on frequency; the last origin has a higher base."""
    rng = np.random.default_rng(seed)
    rows = origins * users
    frame = pd.DataFrame(
        {
            "recency_days": rng.exponential(40.0, rows).round(),
            "orders_28d": rng.poisson(1.0, rows),
            "noise": rng.normal(size=rows),
            "constant": 1.0,
            "empty": np.nan,
        }
    )
    frame["gap_mean_days"] = np.where(frame["orders_28d"] > 0, 28.0 / frame["orders_28d"].clip(lower=1), np.nan)
    origin = np.repeat(pd.date_range("2024-01-01", periods=origins, freq="28D").to_numpy(), users)
    truth = expit(1.0 - 2.0 * (frame["recency_days"] > 30) + 0.5 * frame["orders_28d"]).to_numpy()
    return frame, (rng.random(rows) < truth).astype(int), origin, truth


def test_beats_the_recency_rule_and_nears_the_truth():
    X, y, origin, truth = snapshots()
    test = origin == origin.max()
    model = PropensityModel(label_days=28, **SMALL).fit(X[~test], y[~test], origin=origin[~test])
    found = model.predict_proba(X[test])[:, 1]
    assert roc_auc_score(y[test], found) > roc_auc_score(y[test], -X["recency_days"][test]) + 0.02
    attainable = roc_auc_score(y[test], truth[test]) - 0.5
    assert roc_auc_score(y[test], found) - 0.5 > 0.9 * attainable
    assert abs(found - truth[test]).mean() < 0.06


def test_calibration_comes_from_the_newest_origin():
    X, y, origin, truth = snapshots(origins=4, users=2_000)
    newest = origin == origin.max()
    rng = np.random.default_rng(9)
    y[newest] = rng.random(newest.sum()) < expit(np.log(truth[newest] / (1 - truth[newest])) - 1.5)
    model = PropensityModel(label_days=28, **SMALL).fit(X, y, origin=origin)
    assert model.calibration_ == "newest_origin"
    assert model.platt_.intercept < -1.0  # planted shift of the log odds: -1.5
    assert sum(model.weights_.values()) == pytest.approx(1.0)
    assert set(model.weights_) == set(MEMBERS)


def test_overlapping_snapshots_are_left_out_of_calibration_fits():
    X, y, origin, _ = snapshots(origins=3)
    y[origin == np.unique(origin)[0]] = (
        0  # with a 56-day label only this origin may teach: one class, so no calibration
    )
    assert PropensityModel(label_days=56, **SMALL).fit(X, y, origin=origin).calibration_ == "none"
    assert PropensityModel(label_days=28, **SMALL).fit(X, y, origin=origin).calibration_ == "newest_origin"
    # with an 84-day label no origin has closed: overlapping ones would reward remembered customers
    assert PropensityModel(label_days=84, **SMALL).fit(X, y, origin=origin).calibration_ == "none"


@pytest.mark.slow
def test_without_origin_folds_stand_in_and_few_cases_mean_no_calibration():
    X, y, _, _ = snapshots(origins=1)
    assert PropensityModel(**SMALL).fit(X, y).calibration_ == "out_of_fold"
    assert PropensityModel(min_calibration_cases=400, **SMALL).fit(X, y).calibration_ == "none"


def test_same_seed_same_probabilities():
    X, y, origin, _ = snapshots(origins=2)
    first, second = (PropensityModel(**SMALL).fit(X, y, origin=origin).predict_proba(X) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.slow
def test_threads_of_the_forest_move_no_digit():
    random = np.random.default_rng(3)
    X = random.normal(size=(8_000, 6))  # enough rows for the forest to be fitted by two threads
    y = (X[:, 0] + random.normal(size=8_000) > 0).astype(int)
    model = PropensityModel(boosting_rounds=5).fit(X, y)
    first = model.forest_.predict_proba(X)
    assert all(np.array_equal(first, model.forest_.predict_proba(X)) for _ in range(20))


@pytest.mark.parametrize("member", [*MEMBERS, None])
def test_contributions_add_up_to_the_score(member):
    X, y, origin, _ = snapshots(origins=2)
    model = PropensityModel(**SMALL).fit(X, y, origin=origin)
    model.weights_ = dict.fromkeys(MEMBERS, 1 / 3) if member is None else {name: name == member for name in MEMBERS}
    model.platt_ = PlattScaling(slope=1.3, intercept=-0.4)
    probability, added = model.explain(X)
    assert added.shape == X.shape
    assert probability == pytest.approx(model.predict_proba(X)[:, 1], abs=1e-12)
    assert model.base_log_odds_ + added.sum(axis=1) == pytest.approx(logit(probability), abs=1e-9)
    assert np.corrcoef(added[:, 0], X["recency_days"])[0, 1] < -0.5
    assert (added[:, [3, 4]] == 0).all()  # constant and empty columns add nothing


def test_one_class_is_refused():
    X, y, _, _ = snapshots(origins=1)
    with pytest.raises(ValueError, match="only one class"):
        PropensityModel().fit(X, np.zeros_like(y))


def test_origin_of_the_wrong_length_is_refused():
    X, y, origin, _ = snapshots(origins=1)
    with pytest.raises(ValueError, match="expected one snapshot for each of the 600 rows"):
        PropensityModel().fit(X, y, origin=origin[:5])
