"""Measures: agree with slow twins and scikit-learn, ties and row order do not matter, intervals cover."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from models.evaluation import RankedOutcomes, calibration_table, compare, probability_measures, value_measures


def sample(seed, rows=200, *, ties=True):
    rng = np.random.default_rng(seed)
    score = rng.random(rows).round(1 if ties else 12)
    return (rng.random(rows) < score).astype(int), score


def slow_auc(outcome, score):
    """Twin: every pair of a positive and a negative."""
    pairs = [(s > t) + 0.5 * (s == t) for s in score[outcome == 1] for t in score[outcome == 0]]
    return float(np.mean(pairs))


def slow_gini(actual, score):
    """Twin: the mean over all orders of tied rows, by brute averaging of tied values, then trapezoids one by one."""
    averaged = np.array([actual[score == value].mean() for value in score])
    ordered = averaged[np.argsort(-score, kind="stable")]
    area, captured = 0.0, 0.0
    for amount in ordered:
        area += (captured + captured + amount) / 2 / len(ordered)
        captured += amount
    return 2 * area / captured - 1


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_scikit_learn_and_the_slow_twin(seed):
    outcome, score = sample(seed)
    found = probability_measures(RankedOutcomes(outcome, score))
    assert found["auc"] == pytest.approx(roc_auc_score(outcome, score))
    assert found["auc"] == pytest.approx(slow_auc(outcome, score))
    assert found["pr_auc"] == pytest.approx(average_precision_score(outcome, score))
    assert found["brier"] == pytest.approx(brier_score_loss(outcome, score))


@pytest.mark.parametrize("seed", range(4))
def test_weights_mean_repeated_rows(seed):
    outcome, score = sample(seed)
    weight = np.random.default_rng(seed).integers(0, 4, len(outcome))
    weighted = probability_measures(RankedOutcomes(outcome, score), weight)
    repeated = probability_measures(RankedOutcomes(outcome.repeat(weight), score.repeat(weight)))
    assert weighted == pytest.approx(repeated)
    amounts = outcome * score * 10
    weighted = value_measures(RankedOutcomes(amounts, score), weight)
    assert weighted == pytest.approx(value_measures(RankedOutcomes(amounts.repeat(weight), score.repeat(weight))))


def test_ece_lift_and_capture_by_hand():
    # 20 rows, bins of 2: probability .9 for the last two (both positive), .1 for the rest (none positive)
    score = np.array([0.1] * 18 + [0.9] * 2)
    outcome = np.array([0] * 18 + [1] * 2)
    found = probability_measures(RankedOutcomes(outcome, score))
    assert found["ece"] == pytest.approx(0.1)  # every bin is off by .1
    assert found["capture_at_10"] == 1.0  # the top tenth is exactly the two positives
    assert found["lift_at_10"] == pytest.approx(10.0)  # precision 1 / prevalence .1
    assert found["brier_skill"] == pytest.approx(1 - 0.01 / 0.09)


def test_a_constant_score_finds_nothing():
    outcome = np.array([1, 0, 0, 0] * 10)
    found = probability_measures(RankedOutcomes(outcome, np.full(40, 0.25)))
    assert (found["auc"], found["lift_at_10"], found["ece"]) == pytest.approx((0.5, 1.0, 0.0))


def test_row_order_has_no_influence():
    outcome, score = sample(5)
    shuffled = np.random.default_rng(0).permutation(len(outcome))
    left = probability_measures(RankedOutcomes(outcome, score))
    assert left == pytest.approx(probability_measures(RankedOutcomes(outcome[shuffled], score[shuffled])))


@pytest.mark.parametrize("seed", range(4))
def test_normalised_gini_agrees_with_the_twin(seed):
    rng = np.random.default_rng(seed)
    actual = rng.gamma(0.5, 50.0, 150) * (rng.random(150) < 0.7)
    score = (actual + rng.normal(0, 30, 150)).round(-1)
    found = value_measures(RankedOutcomes(actual, score))
    assert found["ngini"] == pytest.approx(slow_gini(actual, score) / slow_gini(actual, actual))


def test_value_measures_by_hand():
    actual, predicted = np.array([10.0, 0.0, 30.0, 0.0]), np.array([20.0, 5.0, 20.0, 1.0])
    found = value_measures(RankedOutcomes(actual, predicted))
    assert found["bias"] == pytest.approx(46 / 40 - 1)
    assert found["mae"] == pytest.approx((10 + 5 + 10 + 1) / 4)
    # groups: {20, 20} predicted 40 actual 40; {5} 5 against 0; {1} 1 against 0: 6 of 40
    assert found["decile_mape"] == pytest.approx(6 / 40)
    perfect = value_measures(RankedOutcomes(actual, actual))
    assert (perfect["ngini"], perfect["bias"], perfect["mae"]) == pytest.approx((1.0, 0.0, 0.0))


def test_undefined_measures_are_nan_never_a_default():
    found = probability_measures(RankedOutcomes(np.zeros(5), np.linspace(0, 1, 5)))
    assert np.isnan(found["auc"])
    assert np.isnan(found["lift_at_10"])
    assert np.isnan(value_measures(RankedOutcomes(np.zeros(5), np.ones(5)))["bias"])


def test_calibration_table_adds_up():
    outcome, score = sample(6, 1_000, ties=False)
    table = calibration_table(outcome, score)
    assert table["customers"].tolist() == [100] * 10
    assert table["mean_probability"].is_monotonic_increasing
    ece = (table["customers"] * (table["mean_probability"] - table["observed_share"]).abs()).sum() / 1_000
    assert ece == pytest.approx(probability_measures(RankedOutcomes(outcome, score))["ece"])


def test_intervals_cover_and_a_real_improvement_is_found():
    rng = np.random.default_rng(8)
    truth = rng.random(2_000)
    outcome = (rng.random(2_000) < truth).astype(int)
    noisy = np.clip(truth + rng.normal(0, 0.4, 2_000), 0, 1)
    found = compare(outcome, {"good": truth, "noisy": noisy, "same": truth}, kind="probability", seed=1, resamples=100)
    auc = found.measures["good"]["auc"]
    assert auc.low < auc.value < auc.high
    assert auc.high - auc.low < 0.06
    assert found.improvement("good", "noisy", measure="auc").low > 0
    assert found.improvement("good", "noisy", measure="brier").low > 0
    same = found.improvement("good", "same", measure="auc")
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)


def test_bootstrap_width_agrees_with_hanley_mcneil():
    outcome, score = sample(9, 1_000, ties=False)
    found = compare(outcome, {"score": score}, kind="probability", seed=2).measures["score"]["auc"]
    # Hanley & McNeil (1982), formula for the standard error of an AUC
    a, n1 = found.value, outcome.sum()
    n0 = 1_000 - n1
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    error = np.sqrt((a * (1 - a) + (n1 - 1) * (q1 - a * a) + (n0 - 1) * (q2 - a * a)) / (n1 * n0))
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(error, rel=0.25)


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match="1 of 3 rows"):
        RankedOutcomes(np.array([0, 1, 1]), np.array([0.1, np.nan, 0.3]))
    with pytest.raises(ValueError, match="must be equal"):
        RankedOutcomes(np.zeros(3), np.zeros(4))
    with pytest.raises(ValueError, match="kind 'x' is unknown"):
        compare(np.zeros(3), {}, kind="x", seed=0)
