"""Preparation: finite, standardised, total on any numeric column."""

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from models.preparation import FeaturePreparation, signed_log1p


@parametrize_with_checks([FeaturePreparation()])
def test_scikit_learn_conformance(estimator, check):
    check(estimator)


def test_constant_and_empty_columns_become_zeros():
    frame = pd.DataFrame({"constant": [0.1] * 5, "empty": [np.nan] * 5, "useful": [1.0, 2, 3, 4, 5]})
    prepared = FeaturePreparation().fit_transform(frame)
    assert prepared[:, :2].tolist() == [[0.0, 0.0]] * 5
    assert prepared[:, 2] == pytest.approx((np.arange(5) - 2) / np.sqrt(2))


def test_constant_column_stays_silent_when_it_moves_later():
    prepared = FeaturePreparation().fit(np.full((5, 1), 3.0)).transform([[1e9]])
    assert prepared.tolist() == [[0.0]]


def test_missing_values_get_the_median_and_an_indicator():
    prepared = FeaturePreparation().fit_transform([[1.0], [2.0], [np.nan], [3.0]])
    assert prepared.shape == (4, 2)
    assert prepared[2, 0] == pytest.approx(0.0)  # median 2 is the mean of 1, 2, 2, 3
    assert prepared[2, 1] == pytest.approx(np.sqrt(3))  # one in four: (1 - .25) / sqrt(.25 * .75)


def test_a_skewed_column_is_logged_and_negative_amounts_survive():
    preparation = FeaturePreparation().fit([[1.0], [1.0], [1.0], [1.0], [1000.0]])
    assert preparation.log_.tolist() == [True]
    assert np.isfinite(preparation.transform([[-50.0]])).all()
    assert signed_log1p(np.array([-1.0, 0.0, 1.0])).tolist() == [-np.log(2.0), 0.0, np.log(2.0)]


def test_absurd_values_are_clipped():
    assert FeaturePreparation().fit([[0.0], [1.0], [2.0]]).transform([[1e12]]).tolist() == [[8.0]]
