"""The sequence model joins the blend only where it wins on earlier origins; then scores stay exact, explained and honest."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.base import clone

from models.judging import WITHOUT_SEQUENCE
from models.propensity import PropensityModel
from models.registry import Slot, load, save
from models.scoring import score_customers
from models.sequence_days import RECENT_DAYS, SEQUENCE_SCORE
from models.sequence_fitting import is_installed
from models.sequence_trial import _interval, _judge, _Tried, try_sequence, with_score
from models.training import PropensityTask, train_and_evaluate

ORIGINS = pd.date_range("2024-03-01", periods=6, freq="28D")
TEST, KNOWN = ORIGINS[-1].date(), ORIGINS[-1].date() + timedelta(days=28)
FEATURES = ("recency_days", "orders_count", "net_amount_365d", "repeat_days", "tenure_days")
TASK = PropensityTask("purchase", 28, "label", "any paid order within 28 days", FEATURES)
needs_torch = pytest.mark.skipif(not is_installed(), reason="the extra `sequence` (torch) is not installed")


def shop(*, order_tells, users=500, seed=5):
    """Simulated: features are noise; whether the gaps rise or fall decides the label, or (not `order_tells`) nothing does."""
    rng = np.random.default_rng(seed)
    frames = []
    for origin in ORIGINS:
        rising = rng.random(users) < 0.5
        gaps = np.sort(rng.exponential(8.0, (users, 5)) + 1.0, axis=1)
        ordered = np.where(rising[:, None], gaps, gaps[:, ::-1])
        repeat = rng.poisson(3, users)
        told = rising if order_tells else rng.random(users) < 0.5
        frame = pd.DataFrame(
            {
                "user_id": [f"u{number}" for number in range(users)],
                "as_of": origin,
                "recency_days": rng.integers(1, 60, users).astype(float),
                "orders_count": repeat + 1,
                "net_amount_365d": (repeat + 1) * 40.0,
                "repeat_days": repeat,
                "first_to_last_days": np.where(repeat > 0, 100.0, 0.0),
                "tenure_days": 200.0,
                "label": np.where(rng.random(users) < 0.9, told, ~told),
            }
        )
        days = [np.log1p(row)[:, None].astype(np.float32) for row in ordered]
        frame[RECENT_DAYS] = pd.Series(days, dtype="object")
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def trained_on(samples):
    return train_and_evaluate(samples, TASK, test_as_of=TEST, known_until=KNOWN, resamples=40)


@pytest.fixture(scope="module")
def samples():
    return shop(order_tells=True)


@pytest.fixture(scope="module")
def winner(samples):
    return trained_on(samples)


def tried(origin, good, users=400):
    """One origin of which three members know nothing, and a fourth knows the outcome or (not `good`) nothing either."""
    rng = np.random.default_rng(int(origin[-2:]))
    outcome = rng.integers(0, 2, users)
    scores = rng.normal(0, 0.3, (users, 4))
    if good:
        scores[:, 3] += 2.0 * outcome - 1.0
    return _Tried(origin, np.arange(users), outcome, scores)


@pytest.mark.parametrize("origins", [("2024-01-01",), ("2024-01-01", "2024-01-29", "2024-02-26")])
@pytest.mark.parametrize("good", [True, False])
def test_a_member_joins_when_it_wins_out_of_time_and_only_then(origins, good):
    trial = _judge([tried(origin, good) for origin in origins])
    assert trial.is_member is good
    assert trial.origins == (origins[1:] or origins)
    assert trial.gain is not None
    assert (trial.gain[1] > 0) is good
    assert trial.reason.startswith("joins the blend" if good else "left out: it does not win out of time")


def test_no_blend_wins_by_its_level_where_only_one_origin_is_tried():
    """Three members say too much; a fourth that knows nothing, at the right level, brings their mean nearer to it."""
    one = tried("2024-01-01", good=False)
    one.scores[:, :3] += 2.0
    assert not _judge([one]).is_member


def test_the_interval_draws_all_rows_of_a_customer_together():
    saved, users = np.repeat(np.random.default_rng(0).normal(0, 1, 50), 20), np.repeat(np.arange(50), 20)
    mean, low, high = _interval(saved, users)
    assert mean == pytest.approx(saved.mean())
    assert high - low > 3 * np.subtract(*_interval(saved, np.arange(1000))[:0:-1])


def test_without_an_earlier_origin_it_is_left_out(samples):
    trial, networks = try_sequence(samples[samples["as_of"] == ORIGINS[0]], FEATURES, "label", horizon_days=28)
    assert (trial.is_member, networks) == (False, {})
    assert trial.reason == "left out: no earlier origin to try it on"


def test_a_score_column_is_a_member_and_no_feature_of_the_others():
    rng = np.random.default_rng(1)
    plain, outcome = rng.normal(size=(600, 3)), rng.integers(0, 2, 600)
    X = np.column_stack([plain, 2.0 * outcome - 1.0 + rng.normal(0, 1, 600)])
    small = PropensityModel(boosting_rounds=10, forest_size=5)
    model, alone = clone(small).set_params(score_column=3).fit(X, outcome), clone(small).fit(plain, outcome)
    np.testing.assert_array_equal(model.linear_.coef_, alone.linear_.coef_)
    assert model.weights_["sequence"] >= 0.5
    probability, added = model.explain(X)
    np.testing.assert_allclose(model.base_log_odds_ + added.sum(axis=1), logit(probability), atol=1e-9)
    np.testing.assert_allclose(probability, model.predict_proba(X)[:, 1], atol=1e-12)
    X[3, 3] = np.nan
    with pytest.raises(ValueError, match="1 of 600 rows lack the score"):
        model.predict_proba(X)


def test_rows_without_their_days_are_refused(samples):
    with pytest.raises(ValueError, match="lack the column recent_days"):
        with_score(samples.drop(columns=RECENT_DAYS), object())  # pyright: ignore[reportArgumentType]


@needs_torch
@pytest.mark.slow
def test_a_planted_order_is_found_and_told(winner, samples):
    assert winner.sequence is not None
    assert winner.card.sequence.startswith("joins the blend: log loss saved +")
    assert winner.task.features == (*FEATURES, SEQUENCE_SCORE)
    assert winner.card.improvements[WITHOUT_SEQUENCE].low > 0.2  # features are noise: AUC .5
    scored = winner.score(samples[samples["as_of"] == ORIGINS[-1]].drop(columns="label"))
    assert {"recent_sequence_high", "recent_sequence_low"} <= {codes[0] for codes in scored["reason_codes"]}


@needs_torch
@pytest.mark.slow
def test_reasons_add_up_to_the_score(winner, samples):
    rows = with_score(samples.tail(50), winner.sequence)[list(winner.task.features)].astype(float)
    probability, added = winner.model.explain(rows)
    np.testing.assert_allclose(winner.model.base_log_odds_ + added.sum(axis=1), logit(probability), atol=1e-9)
    assert np.abs(added[:, -1]).mean() > 0.5


@needs_torch
@pytest.mark.slow
def test_a_saved_model_scores_the_same_and_needs_the_days(winner, samples, tmp_path):
    rows = samples.tail(60)
    again, _ = load(tmp_path, save(tmp_path, Slot("purchase", 28, date(2024, 1, 1), "r"), winner, {}))
    pd.testing.assert_frame_equal(again.score(rows), winner.score(rows))
    np.testing.assert_array_equal(again.evaluated_probability(rows), winner.evaluated_probability(rows))
    with pytest.raises(ValueError, match="lack the column recent_days"):
        again.score(rows.drop(columns=RECENT_DAYS))


@needs_torch
@pytest.mark.slow
def test_the_judged_model_saw_no_label_of_the_test_origin(winner, samples):
    flipped = samples.assign(label=samples["label"] ^ (samples["as_of"] == ORIGINS[-1]))
    other = trained_on(flipped)
    rows = samples[samples["as_of"] == ORIGINS[-1]]
    np.testing.assert_array_equal(other.evaluated_probability(rows), winner.evaluated_probability(rows))
    assert other.card.sequence == winner.card.sequence


@needs_torch
@pytest.mark.slow
def test_where_order_tells_nothing_the_blend_is_what_it_was():
    noise = shop(order_tells=False).assign(
        recency_days=lambda rows: np.where(rows["label"], 5.0, 30.0) + rows["repeat_days"]
    )
    with_days, without = trained_on(noise), trained_on(noise.drop(columns=RECENT_DAYS))
    assert with_days.sequence is None
    assert with_days.card.sequence.startswith("left out: it does not win out of time")
    rows = noise.tail(100)
    columns = list(FEATURES)
    np.testing.assert_array_equal(
        score_customers(with_days.model, rows, columns=columns)["probability"],
        score_customers(without.model, rows, columns=columns)["probability"],
    )
    assert replace(with_days.card, sequence=None) == replace(without.card, sequence=None)
