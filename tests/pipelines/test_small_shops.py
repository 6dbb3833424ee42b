"""Shops too small to train a model: the rule that stands in ranks at least as well as recency, on simulated shops."""

from datetime import timedelta

import pandas as pd
import pytest

from assets.training import feature_columns, population, propensity_task
from models.horizons import origins
from models.training import train_and_evaluate
from tests.pipelines.truth_shop import CHURN_WINDOW_DAYS, HORIZON_DAYS, START, make_shop

pytestmark = pytest.mark.slow
SEEDS = (1, 2, 3, 4)
OUTCOMES = ("purchase", "churn")


@pytest.fixture(scope="module")
def cards(tmp_path_factory):
    """Cards of four shops of 300 users and 120 days, by outcome: judged on the last 28 days by the product's protocol."""
    found = {outcome: [] for outcome in OUTCOMES}
    for seed in SEEDS:
        root = tmp_path_factory.mktemp("small")
        shop = make_shop(root, users=300, events=9_000, days=120, seed=seed, dirty_share=0.0)
        known_until = shop.as_of + timedelta(days=HORIZON_DAYS)
        test, earlier = origins(START, known_until, HORIZON_DAYS)
        samples = shop.samples([*earlier, test])
        samples["as_of"] = pd.to_datetime(samples["as_of"])
        for outcome in OUTCOMES:
            task = propensity_task(outcome, HORIZON_DAYS, CHURN_WINDOW_DAYS, feature_columns(samples))
            people = population(samples, outcome, CHURN_WINDOW_DAYS)
            trained = train_and_evaluate(
                people, task, test_as_of=test, known_until=known_until, rule_customers=samples, resamples=2
            )
            found[outcome].append(trained.card)
    return found


def mean_auc(measures):
    return sum(one["auc"].value for one in measures) / len(SEEDS)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_rule_ranks_at_least_as_well_as_recency(cards, outcome):
    assert all(card.is_fallback for card in cards[outcome])
    own = mean_auc([card.measures for card in cards[outcome]])
    assert own >= mean_auc([card.baselines["recency rule"] for card in cards[outcome]])
    assert own > mean_auc([card.baselines["MBG/NBD P(buy)"] for card in cards[outcome]])


def test_churn_has_the_right_level_without_a_label(cards):
    predicted = [sum(cell.mean_probability * cell.customers for cell in card.calibration) for card in cards["churn"]]
    happened = [card.measures["prevalence"].value * card.test_customers for card in cards["churn"]]
    assert sum(predicted) == pytest.approx(sum(happened), rel=0.3)
