"""The sequence model: the order of days counts, the same rows give the same weights, and scoring needs no torch."""

import math
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score

from models.registry import Slot, load, save
from models.sequence import SequenceModel
from models.sequence_days import pad
from models.sequence_fitting import is_installed

needs_torch = pytest.mark.skipif(not is_installed(), reason="the extra `sequence` (torch) is not installed")


def rhythm(customers=600, seed=3):
    """Simulated: everybody has the same gaps, in rising or falling order; only the order tells who buys (9 times in 10)."""
    rng = np.random.default_rng(seed)
    rising = rng.random(customers) < 0.5
    gaps = np.sort(rng.exponential(10.0, (customers, 6)) + 1.0, axis=1)
    ordered = np.where(rising[:, None], gaps, gaps[:, ::-1])
    days = [np.column_stack([np.log1p(row), np.ones(6)]).astype(np.float32) for row in ordered]
    return days, np.where(rng.random(customers) < 0.9, rising, ~rising).astype(int)


@pytest.fixture(scope="module")
def fitted():
    days, outcome = rhythm()
    return SequenceModel(passes_at_most=8, hidden_size=8, batch_size=64).fit(days, outcome)


def by_hand():
    """A model of one channel and two numbers of memory, whose weights are written down."""
    model = SequenceModel(hidden_size=2)
    rng = np.random.default_rng(0)
    model.weights_ = {
        "input": rng.normal(size=(6, 1)).astype(np.float32),
        "recurrent": rng.normal(size=(6, 2)).astype(np.float32),
        "input_bias": rng.normal(size=6).astype(np.float32),
        "recurrent_bias": rng.normal(size=6).astype(np.float32),
        "readout": rng.normal(size=2).astype(np.float32),
        "readout_bias": np.array([0.5], dtype=np.float32),
    }
    model.center_, model.scale_, model.n_channels_in_, model.classes_ = np.zeros(1), np.ones(1), 1, np.array([0, 1])
    return model


def slow_log_odds(weights, days):
    """The unit's formulas, number by number (Cho et al. 2014, with torch's bias inside the reset)."""
    state = [0.0, 0.0]
    for day in days:
        own = [weights["input"][j, 0] * day[0] + weights["input_bias"][j] for j in range(6)]
        back = [
            sum(weights["recurrent"][j, k] * state[k] for k in (0, 1)) + weights["recurrent_bias"][j] for j in range(6)
        ]
        reset = [1 / (1 + math.exp(-(own[j] + back[j]))) for j in (0, 1)]
        update = [1 / (1 + math.exp(-(own[j] + back[j]))) for j in (2, 3)]
        fresh = [math.tanh(own[4 + k] + reset[k] * back[4 + k]) for k in (0, 1)]
        state = [(1 - update[k]) * fresh[k] + update[k] * state[k] for k in (0, 1)]
    return sum(weights["readout"][k] * state[k] for k in (0, 1)) + weights["readout_bias"][0]


def test_scores_are_those_of_the_formulas():
    model, days = by_hand(), [np.array([[0.3], [-1.0], [2.0]]), np.empty((0, 1)), np.array([[1.0]])]
    expected = [slow_log_odds(model.weights_, one) for one in days]
    np.testing.assert_allclose(model.decision_function(days), expected, rtol=1e-5)


def test_scores_need_no_torch_and_survive_the_registry(tmp_path, monkeypatch):
    from datetime import date

    monkeypatch.setitem(sys.modules, "torch", None)  # importing it now fails
    model, days = by_hand(), [np.array([[0.3], [-1.0]])]
    again, _ = load(tmp_path, save(tmp_path, Slot("purchase", 28, date(2024, 1, 1), "r"), model, {}))
    np.testing.assert_array_equal(again.predict_proba(days), model.predict_proba(days))
    with pytest.raises(ModuleNotFoundError, match="torch"):
        model.fit([np.ones((1, 1)), np.ones((2, 1))], [0, 1])


def test_longer_padding_changes_no_score():
    model, short = by_hand(), np.array([[0.3], [-1.0]])
    alone = model.decision_function([short])
    assert model.decision_function([short, np.ones((40, 1))])[0] == pytest.approx(alone[0], abs=1e-6)


def test_parameters_are_those_of_scikit_learn():
    model = SequenceModel(hidden_size=5, learning_rate=0.1)
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(hidden_size=7).hidden_size == 7
    with pytest.raises(NotFittedError):
        model.predict([np.ones((1, 1))])


@pytest.mark.parametrize(
    "days,outcome,said",
    [
        ([np.ones((1, 1))] * 2, [1, 1], "two classes"),
        ([np.ones((1, 1))] * 2, [1, 0, 1], "one label for each of the 2 sequences"),
        ([], [], "two classes"),
    ],
)
def test_rows_that_do_not_fit_are_said(days, outcome, said):
    with pytest.raises(ValueError, match=said):
        SequenceModel().fit(days, outcome)


def test_other_channels_are_refused():
    with pytest.raises(ValueError, match="channels"):
        by_hand().decision_function([np.ones((1, 2))])


@needs_torch
@pytest.mark.slow
def test_beats_a_constant_where_only_the_order_tells(fitted):
    days, outcome = rhythm(seed=4)
    assert roc_auc_score(outcome, fitted.decision_function(days)) > 0.8  # at most about .9; every sum is the same
    mixed = [np.sort(one, axis=0) for one in days]
    assert abs(roc_auc_score(outcome, fitted.decision_function(mixed)) - 0.5) < 0.08


@needs_torch
@pytest.mark.slow
def test_same_rows_same_weights_and_another_seed_other_weights(fitted):
    days, outcome = rhythm()
    again = clone(fitted).fit(days, outcome)
    other = clone(fitted).set_params(random_state=1).fit(days, outcome)
    assert all(np.array_equal(again.weights_[name], fitted.weights_[name]) for name in fitted.weights_)
    assert not np.array_equal(other.weights_["input"], fitted.weights_["input"])


@needs_torch
@pytest.mark.slow
def test_scores_are_those_of_torch(fitted):
    import torch

    from models.sequence_fitting import _load, _network, _score

    block = pad([*rhythm(20)[0], np.empty((0, 2), dtype=np.float32)]).standardised(fitted.center_, fitted.scale_)
    network = _network(torch, 2, fitted.hidden_size)
    _load(torch, network, fitted.weights_)
    with torch.no_grad():
        theirs = _score(torch, network, torch.from_numpy(block.values), block.lengths).numpy()
    own = fitted.decision_function([*rhythm(20)[0], np.empty((0, 2), dtype=np.float32)])
    np.testing.assert_allclose(own, theirs, atol=1e-5)


@needs_torch
@pytest.mark.slow
def test_training_stops_by_the_newest_origin():
    days, outcome = rhythm(400)
    noise = np.random.default_rng(0).permutation(outcome)
    origin = np.repeat([10, 40], 200)
    model = SequenceModel(label_days=30, passes_at_most=30, patience=2, hidden_size=8, batch_size=64)
    assert model.fit(days, noise, origin).passes_ < 10
    warm = clone(model).set_params(passes_at_most=3).fit(days, outcome, origin, previous=model)
    assert warm.center_ is model.center_
