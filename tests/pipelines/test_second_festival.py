"""The season of a shop that knows the year before: the level of the weeks of 11-11, simulated over two and a half years."""

from datetime import date, timedelta

import pandas as pd
import pytest

from assets.training import at_origins, feature_columns, population, propensity_task
from models.horizons import origins
from models.judging import checked_samples, judge_propensity
from models.season import season_origins
from tests.pipelines.truth_shop import CHURN_WINDOW_DAYS, HORIZON_DAYS, make_shop

pytestmark = pytest.mark.slow
START, DAYS = date(2022, 5, 27), 912
FESTIVAL = START + timedelta(
    days=DAYS - HORIZON_DAYS
)  # 2024-10-27: its window holds 11-11, a year before it 2023-11-11


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Purchase at the second festival by a model with the shift, by the same without, and what one year alone would shift."""
    root = tmp_path_factory.mktemp("festival")
    shop = make_shop(root, users=2_000, events=180_000, days=DAYS, seed=3, dirty_share=0.0, start=START)
    _, earlier = origins(START, FESTIVAL + timedelta(days=HORIZON_DAYS), HORIZON_DAYS)
    before = season_origins(START, FESTIVAL, horizon_days=HORIZON_DAYS)
    samples = shop.samples([*before, *earlier, FESTIVAL])
    samples["as_of"] = pd.to_datetime(samples["as_of"])
    task = propensity_task("purchase", HORIZON_DAYS, CHURN_WINDOW_DAYS, feature_columns(samples))
    buyers = population(samples, "purchase", CHURN_WINDOW_DAYS)
    rows = checked_samples(at_origins(buyers, [*earlier, FESTIVAL]), task, test_as_of=FESTIVAL)
    season = at_origins(buyers, before)
    season[task.label] = season[task.label].astype("int64")
    return {
        name: judge_propensity(rows, task, test_as_of=FESTIVAL, rule_customers=samples, season=known)
        for name, known in (("shifted", season), ("plain", None))
    }


def measures(one):
    return {name: found.value for name, found in one.compare(resamples=2).measures["model"].items()}


def test_the_shift_brings_the_festivals_level(judged):
    shifted, plain = judged["shifted"], judged["plain"]
    assert shifted.season.shift > 0.05, shifted.season.reason
    came = shifted.truth.mean()
    missed = {name: abs(one.predictions["model"].mean() - came) for name, one in judged.items()}
    assert missed["shifted"] < missed["plain"] / 1.5
    assert measures(shifted)["ece"] < measures(plain)["ece"]
    assert measures(shifted)["brier"] < measures(plain)["brier"]
    assert measures(shifted)["auc"] == pytest.approx(measures(plain)["auc"])


def test_one_year_of_history_shifts_nothing(judged):
    young = START + timedelta(days=365)
    assert season_origins(young, FESTIVAL, horizon_days=HORIZON_DAYS) == []
    assert judged["plain"].season.shift == 0.0
    assert "less than half a year" in judged["plain"].season.reason
