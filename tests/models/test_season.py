"""Season: the level follows the year before on planted seasons, and stays where the history cannot tell."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from models.horizons import origins
from models.judging import PropensityTask, checked_samples, judge_propensity
from models.season import is_harmful, level_shift, moved, season_origin, season_origins, unrecorded_features
from models.training import train_and_evaluate

FIRST = date(2022, 1, 1)
HORIZON = 28
KNOWN = FIRST + timedelta(days=910)  # two and a half years, to the end of June
FEATURES = (
    "recency_days", "orders_count", "net_amount_365d", "repeat_days", "tenure_days", "carts_28d",
)  # fmt: skip
TASK = PropensityTask("purchase", HORIZON, "label", "an order within 28 days", FEATURES)


def seasonal_urge(day, swing):
    """A year's wave of the log odds, falling fastest at the end of May."""
    return swing * np.cos(2 * np.pi * ((day - date(day.year, 1, 1)).days - 60) / 365)


def snapshot(day, *, swing, users=1_500):
    """Simulated: an urge that features show, and a season that they do not."""
    rng = np.random.default_rng(day.toordinal())
    urge = rng.normal(0, 1, users)
    orders = 1 + rng.poisson(np.exp(0.8 + 0.5 * urge))
    tenure = rng.integers(150, 500, users).astype(float)
    return pd.DataFrame(
        {
            "user_id": [f"u{number}" for number in range(users)],
            "as_of": pd.Timestamp(day),
            "recency_days": np.ceil(rng.exponential(20 * np.exp(-0.4 * urge))),
            "orders_count": orders,
            "net_amount_365d": 40.0 * orders,
            "repeat_days": orders - 1,
            "first_to_last_days": tenure / 2 * (orders > 1),
            "tenure_days": tenure,
            "carts_28d": rng.poisson(1.0, users),
            "label": (rng.random(users) < expit(urge - 0.6 + seasonal_urge(day, swing))).astype(int),
        }
    )


def shop(swing):
    test, earlier = origins(FIRST, KNOWN, HORIZON)
    before = season_origins(FIRST, test, horizon_days=HORIZON)
    rows = pd.concat([snapshot(day, swing=swing) for day in [*earlier[:5], test]])
    return test, checked_samples(rows, TASK, test_as_of=test), pd.concat([snapshot(day, swing=swing) for day in before])


@pytest.fixture(scope="module")
def seasonal():
    test, samples, season = shop(1.5)
    with_season = judge_propensity(samples, TASK, test_as_of=test, season=season)
    return test, samples, season, with_season, judge_propensity(samples, TASK, test_as_of=test)


def ece(judged):
    return judged.compare(resamples=2).measures["model"]["ece"].value


@pytest.mark.slow
def test_a_planted_season_is_followed(seasonal):
    _, _, _, shifted, plain = seasonal
    assert shifted.season.shift < -0.15  # the wave falls
    assert ece(shifted) < 0.6 * ece(plain)
    assert ece(plain) > 0.05
    assert "the model's mean is" in shifted.season.reason


@pytest.mark.slow
def test_the_order_of_customers_is_untouched(seasonal):
    _, _, _, shifted, plain = seasonal
    before, after = plain.predictions["model"], shifted.predictions["model"]
    assert np.allclose(moved(before, shifted.season.shift), after)


@pytest.mark.slow
def test_the_scoring_model_is_shifted_for_its_own_date(seasonal):
    test, samples, season, _, _ = seasonal
    trained = train_and_evaluate(samples, TASK, test_as_of=test, known_until=KNOWN, season=season, resamples=2)
    assert trained.card.season["judged"] != trained.card.season["scoring"]
    assert str(season_origin(KNOWN)) in trained.card.season["scoring"]


@pytest.mark.slow
def test_features_that_were_not_recorded_then_forbid_it(seasonal):
    test, samples, season, _, plain = seasonal
    for young in (season.assign(carts_28d=0), season.assign(carts_28d=np.nan)):
        judged = judge_propensity(samples, TASK, test_as_of=test, season=young)
        assert judged.season.shift == 0.0
        assert "1 features were not recorded" in judged.season.reason
        np.testing.assert_allclose(judged.predictions["model"], plain.predictions["model"], atol=1e-12)


@pytest.mark.slow
def test_an_earlier_origin_that_it_would_have_hurt_forbids_it(seasonal):
    test, samples, season, _, _ = seasonal
    # simulated: the year before was another shop, where almost everybody bought
    other = season.assign(label=(np.arange(len(season)) % 10 > 0).astype(int))
    judged = judge_propensity(samples, TASK, test_as_of=test, season=other)
    assert judged.season.shift == 0.0
    assert judged.season.candidate > 1.0
    assert "it hurt at the origin before" in judged.season.reason


@pytest.mark.parametrize("spare_days,expected", [(0, 3), (-1, 0)])
def test_half_a_year_before_the_window_of_the_year_before_is_needed(spare_days, expected):
    test = FIRST + timedelta(days=182 + 364 + HORIZON + spare_days)
    found = season_origins(FIRST, test, horizon_days=HORIZON)
    assert len(found) == expected
    if found:
        assert found[0] - FIRST == timedelta(days=182)
        assert all(day.weekday() == test.weekday() for day in found)


def test_a_shift_meets_the_observed_share():
    rng = np.random.default_rng(1)
    probability, outcome = rng.beta(2, 3, 4_000), rng.random(4_000) < 0.7
    assert moved(probability, level_shift(probability, outcome)).mean() == pytest.approx(outcome.mean(), abs=1e-6)
    assert is_harmful(probability, outcome, -1.0)[0]
    assert not is_harmful(probability, outcome, 0.5)[0]


def test_what_never_varies_is_not_asked_for():
    then, now = pd.DataFrame({"a": [1.0, 2.0], "b": [0.0, 0.0]}), pd.DataFrame({"a": [3.0, 4.0], "b": [0.0, 0.0]})
    assert unrecorded_features(then, now, ["a", "b"]) == []
    assert unrecorded_features(then.assign(a=5.0), now, ["a", "b"]) == ["a"]
