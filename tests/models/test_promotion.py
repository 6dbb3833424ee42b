"""Champion and challenger: a worse or uncalibrated model is refused with its reason, any other takes over."""

import numpy as np
import pytest
from scipy.special import expit

from models.promotion import Trial, compare_models, describe, last_champion

ROWS = 3_000


@pytest.fixture(scope="module")
def planted():
    """Simulated: outcomes drawn from known probabilities."""
    rng = np.random.default_rng(3)
    score = rng.normal(0, 1.2, ROWS)
    return (rng.random(ROWS) < expit(score)).astype(int), score, rng.normal(0, 1.0, ROWS)


def tried(truth, *, incumbent, challenger):
    return compare_models(truth, incumbent=incumbent, challenger=challenger, resamples=80)


def test_an_equal_model_takes_over(planted):
    truth, score, noise = planted
    promoted, reason, gains, _ = tried(truth, incumbent=expit(score), challenger=expit(score + 0.02 * noise))
    assert promoted
    assert reason == "not worse in AUC and Brier, calibration holds"
    assert gains["auc"][1] <= gains["auc"][0] <= gains["auc"][2]


def test_a_model_that_ranks_worse_is_refused(planted):
    truth, score, noise = planted
    promoted, reason, gains, _ = tried(truth, incumbent=expit(score), challenger=expit(0.5 * score + noise))
    assert not promoted
    assert reason.startswith("auc worse by 0.")
    assert gains["auc"][2] < 0


def test_a_model_that_is_off_in_level_is_refused_though_it_ranks_alike(planted):
    truth, score, _ = planted
    promoted, reason, _, ece = tried(truth, incumbent=expit(score), challenger=expit(score + 0.8))
    assert not promoted
    assert "brier worse" in reason
    assert "calibration error" in reason
    assert ece["challenger"] > 0.05 > ece["incumbent"]


def test_a_shop_whose_level_moved_is_not_held_to_the_older_of_two_wrong_levels(planted):
    truth, score, _ = planted
    promoted, _, _, ece = tried(truth, incumbent=expit(score + 1.0), challenger=expit(score + 0.8))
    assert promoted
    assert ece["challenger"] > 0.05


def test_one_outcome_only_speaks_against_nobody():
    same = np.full(40, 0.3)
    assert tried(np.zeros(40), incumbent=same, challenger=same)[0]


def test_a_row_of_trials_keeps_the_best(planted):
    goodness = {"a": 3, "b": 4, "c": 1, "d": 4}

    def compete(incumbent, challenger):
        won = goodness[challenger] >= goodness[incumbent]
        return Trial(incumbent, challenger, "2024-03-01", won, "fair" if won else "auc worse", {}, {})

    champion, trials = last_champion(["a", "b", "c", "c"], compete)
    assert champion == "b"
    assert [(trial.incumbent, trial.challenger) for trial in trials] == [("a", "b"), ("b", "c"), ("b", "c")]
    assert (
        describe(["a", "b", "c"], trials, pinned=False) == "stays: challenger c refused at origin 2024-03-01: auc worse"
    )
    champion, trials = last_champion(["a", "b", "c", "d"], compete)
    assert champion == "d"
    assert describe([], trials, pinned=False) == "took over from b at origin 2024-03-01: fair"
    assert last_champion(["a", "a"], compete) == ("a", ())
    assert "operator" in describe(["a"], (), pinned=True)
    assert "first" in describe(["a"], (), pinned=False)
