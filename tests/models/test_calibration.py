"""Platt scaling: recovers a planted distortion, keeps order, agrees with an unpenalised logistic regression."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from models.calibration import fit_platt, logit


def test_planted_distortion_is_recovered():
    rng = np.random.default_rng(1)
    truth = rng.normal(0.0, 1.5, 40_000)
    outcome = (rng.random(40_000) < expit(truth)).astype(int)
    platt = fit_platt(2.0 * truth + 1.0, outcome)  # truth = .5 * score - .5
    assert platt.slope == pytest.approx(0.5, abs=0.02)
    assert platt.intercept == pytest.approx(-0.5, abs=0.03)


def test_agrees_with_logistic_regression():
    rng = np.random.default_rng(2)
    score = rng.normal(0.0, 1.0, 5_000)
    outcome = (rng.random(5_000) < expit(0.7 * score - 1.0)).astype(int)
    reference = LogisticRegression(C=np.inf, tol=1e-10).fit(score[:, None], outcome)
    platt = fit_platt(score, outcome)
    assert platt.slope == pytest.approx(reference.coef_[0, 0], abs=2e-3)
    assert platt.intercept == pytest.approx(reference.intercept_[0], abs=2e-3)


def test_mean_probability_equals_the_prevalence_nearly():
    rng = np.random.default_rng(3)
    outcome = (rng.random(2_000) < 0.3).astype(int)
    platt = fit_platt(rng.normal(5.0, 3.0, 2_000), outcome)
    assert platt.probability(np.zeros(1))[0] == pytest.approx(outcome.mean(), abs=0.05)


def test_a_reversed_score_gets_the_prevalence_never_a_reversal():
    score = np.arange(200.0)
    platt = fit_platt(score, (score < 100).astype(int))
    assert platt.slope == 0.0
    assert platt.probability(score) == pytest.approx(np.full(200, 0.5), abs=0.01)


def test_perfect_separation_stays_finite():
    score = np.linspace(-3, 3, 100)
    platt = fit_platt(score, (score > 0).astype(int))
    assert 1 < platt.slope < 1000


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="0 positives and 3 negatives"):
        fit_platt(np.zeros(3), np.zeros(3))


def test_logit_is_finite_at_the_edges():
    assert logit(np.array([0.0, 0.5, 1.0])).round(2).tolist() == [-13.82, 0.0, 13.82]
