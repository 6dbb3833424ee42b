"""Champions: the same whenever they are asked for, a worse challenger is refused, the operator's word holds."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from assets import champions
from assets.champions import models_of_horizon, training_dates
from assets.warehouse import open_in_memory
from contracts.settings import Settings
from models import registry

FIRST = date(2024, 3, 1)
GOOD, BAD = 1.0, -0.2


@dataclass(frozen=True)
class PlantedCard:
    test_origin: str


@dataclass(frozen=True)
class Planted:
    """Stands for a trained propensity: its evaluated model knows the outcome's urge with a certain weight."""

    weight: float
    card: PlantedCard

    def evaluated_probability(self, rows):
        return expit(self.weight * rows["urge"].to_numpy(dtype=float))


@pytest.fixture
def shop(monkeypatch):
    """Simulated: models of planted quality by training date (default good), and the dates that were trained."""
    quality, asked = {}, []

    def train_at(_warehouse, day, _horizon, _window, _settings):
        asked.append(day)
        card = {"test_origin": str(day - timedelta(days=28)), "trained": str(day)}
        model = Planted(quality.get(day, GOOD), PlantedCard(card["test_origin"]))
        return dict.fromkeys(("purchase", "value"), (model, card))

    def training_samples(_warehouse, origins, _horizon, *, users_at_most, days):
        rng = np.random.default_rng(origins[0].toordinal())
        urge = rng.normal(0, 1.5, min(users_at_most, 1_500))
        return pd.DataFrame(
            {
                "user_id": [f"u{number}" for number in range(len(urge))],
                "as_of": origins[0],
                "urge": urge,
                "has_ordered": True,
                "last_active_days": 5.0,
                "has_purchased": rng.random(len(urge)) < expit(urge),
                "has_churned": False,
            }
        )

    monkeypatch.setattr(champions, "train_at", train_at)
    monkeypatch.setattr(champions, "training_samples", training_samples)
    return quality, asked


@pytest.fixture
def warehouse():
    with open_in_memory() as opened:
        yield opened


def scoring(warehouse, home, as_of, **settings):
    found = models_of_horizon(warehouse, home, as_of, 28, churn_window_days=56, settings=Settings(**settings))
    return found, found.propensities["purchase"]


def test_training_dates_begin_with_the_home_and_reach_back_so_many_trials(warehouse):
    assert training_dates(warehouse, FIRST, Settings()) == [FIRST]
    later = training_dates(warehouse, FIRST + timedelta(days=45), Settings())
    assert [str(day) for day in later] == ["2024-03-15", "2024-03-22", "2024-03-29", "2024-04-05", "2024-04-12"]
    assert training_dates(warehouse, FIRST + timedelta(days=45), Settings(champion_trials=0)) == later[-1:]
    assert training_dates(warehouse, FIRST - timedelta(days=1), Settings()) == [FIRST - timedelta(days=7)]


def test_a_worse_challenger_is_refused_and_a_sound_one_takes_over(shop, warehouse, tmp_path):
    quality, _ = shop
    quality[FIRST + timedelta(days=7)] = BAD
    _, first = scoring(warehouse, tmp_path, FIRST)
    assert "nobody to compete with" in first.promotion
    models, kept = scoring(warehouse, tmp_path, FIRST + timedelta(days=7))
    assert (kept.version, kept.trained_on) == (first.version, FIRST)
    assert kept.promotion.startswith("stays: challenger")
    assert "auc worse" in kept.promotion
    assert len(models.refusals) == 1
    assert models.training_date == FIRST + timedelta(days=7)
    _, sound = scoring(warehouse, tmp_path, FIRST + timedelta(days=14))
    assert sound.trained_on == FIRST + timedelta(days=14)
    assert sound.promotion.startswith(f"took over from {first.version}")
    assert [trial["is_promoted"] for trial in sound.card["promotion"]["trials"]] == [False, True]


@pytest.mark.slow
def test_the_champion_is_the_same_whenever_and_in_whatever_order_it_is_asked_for(shop, tmp_path):
    quality, _ = shop
    quality[FIRST + timedelta(days=14)] = BAD
    quality[FIRST + timedelta(days=28)] = BAD
    days = [FIRST + timedelta(days=7 * number) for number in range(6)]

    def asked(folder, order):
        with open_in_memory() as warehouse:
            scoring(warehouse, folder, FIRST)
            return {day: scoring(warehouse, folder, day)[1].version for day in order}

    daily = asked(tmp_path / "daily", days)
    assert asked(tmp_path / "backfilled", days[::-1]) == daily
    assert asked(tmp_path / "jumped", days[-1:]) == {days[-1]: daily[days[-1]]}
    assert daily[days[2]] == daily[days[1]]  # the bad ones never scored
    assert daily[days[4]] == daily[days[3]]


def test_what_was_trained_and_tried_is_not_done_again(shop, warehouse, tmp_path):
    _, asked = shop
    scoring(warehouse, tmp_path, FIRST)
    scoring(warehouse, tmp_path, FIRST + timedelta(days=10))
    scoring(warehouse, tmp_path, FIRST + timedelta(days=10))
    assert asked == [FIRST, FIRST + timedelta(days=7)]
    assert len(list((tmp_path / "models").glob("*.trial"))) == 1


def test_the_operators_promotion_holds_until_released(shop, warehouse, tmp_path):
    _, first = scoring(warehouse, tmp_path, FIRST)
    second = FIRST + timedelta(days=7)
    root = tmp_path / "models"
    registry.pin(root, registry.Pin("purchase", 28, first.version, second))
    for day in (second, second + timedelta(days=7)):
        _, kept = scoring(warehouse, tmp_path, day)
        assert kept.version == first.version
        assert "operator" in kept.promotion
    registry.release(root, "purchase", 28)
    assert scoring(warehouse, tmp_path, second)[1].trained_on == second
