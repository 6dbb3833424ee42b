"""The rules' trial: a rule scores where it was shown to rank better than the model, and never for luck."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from models.fallback import ORDERS_ONLY, PurchaseRule
from models.propensity import PropensityModel
from models.rule_trial import TRAINED, rules_of, winning_rule
from models.training import PropensityTask, train_and_evaluate

ORIGINS = pd.date_range("2024-05-01", periods=4, freq="28D")
TEST, KNOWN = ORIGINS[-1].date(), date(2024, 8, 21)
NOISE = PropensityTask("purchase", 28, "label", "any paid order within 28 days", ("noise",))


def histories(origin, users=500, seed=0):
    """Simulated: an urge drives order days and the label; `noise` tells nothing, `urge` all that can be known."""
    rng = np.random.default_rng([seed, origin.day, origin.month])
    urge = rng.normal(0, 1.5, users)
    tenure = rng.integers(100, 300, users).astype(float)
    repeat = rng.poisson(np.exp(1.0 + 0.6 * urge))
    last = np.where(repeat > 0, np.clip(tenure - 1 - rng.exponential(20 * np.exp(-urge)), repeat, None), 0).round()
    return pd.DataFrame(
        {
            "user_id": [f"u{number}" for number in range(users)],
            "as_of": origin,
            "recency_days": tenure - last,
            "orders_count": repeat + 1,
            "net_amount_365d": (repeat + 1) * 40.0,
            "repeat_days": repeat,
            "first_to_last_days": last,
            "tenure_days": tenure,
            "noise": rng.normal(size=users),
            "urge": urge,
            "label": (rng.random(users) < expit(urge - 0.5)).astype(int),
        }
    )


@pytest.fixture(scope="module")
def samples():
    return pd.concat([histories(origin) for origin in ORIGINS], ignore_index=True)


@pytest.fixture(scope="module")
def rows():
    return histories(ORIGINS[0], users=800)


def trial(rows, probability, resamples=100):
    rules = rules_of(rows, outcome="purchase", horizon_days=28)
    return winning_rule(rows, rows["label"].to_numpy(), probability, rules=rules, resamples=resamples)


def test_a_rule_wins_only_where_it_is_shown_to_rank_better(rows):
    chance, knows = np.full(len(rows), rows["label"].mean()), expit(rows["urge"].to_numpy() - 0.5)
    won = trial(rows, chance)
    assert won is not None
    assert won.rule.name == ORDERS_ONLY
    assert "at 2024-05-01 MBG/NBD P(buy) ranked 800 customers better" in won.reason
    assert trial(rows, knows) is None
    # a little worse than the rule is luck, and luck decides nothing
    rule = PurchaseRule.fit(rows, outcome="purchase", horizon_days=28).predict_proba(rows)[:, 1]
    nearly = np.random.default_rng(1).normal(0, 0.02, len(rows)) + rule
    assert trial(rows, nearly) is None


def test_a_rule_with_a_wrong_level_does_not_win(rows):
    rare = rows.assign(label=rows["label"] * (np.random.default_rng(2).random(len(rows)) < 0.2))
    chance = np.full(len(rare), rare["label"].mean())
    rule = PurchaseRule.fit(rare, outcome="purchase", horizon_days=28).predict_proba(rare)[:, 1]
    assert roc_auc_score(rare["label"], rule) > 0.65
    assert trial(rare, chance) is None


def test_the_best_rule_is_tried(rows):
    rules = {name: PurchaseRule.fit(rows, outcome=name, horizon_days=28) for name in ("churn", "purchase")}
    chance = np.full(len(rows), rows["label"].mean())
    won = winning_rule(rows, rows["label"].to_numpy(), chance, rules=rules, resamples=100)
    assert won is not None
    assert won.rule.outcome == "purchase"


def test_one_class_decides_nothing(rows):
    assert trial(rows.assign(label=1), np.full(len(rows), 0.5)) is None


@pytest.mark.slow
def test_the_newest_training_origin_decides_what_is_judged(samples):
    trained = train_and_evaluate(samples, NOISE, test_as_of=TEST, known_until=KNOWN, resamples=60)
    assert isinstance(trained.model, PurchaseRule)
    assert "at 2024-06-26 MBG/NBD P(buy) ranked 500 customers better" in str(trained.card.reason)
    assert trained.card.is_fallback
    assert trained.card.improvements[TRAINED].low > 0
    assert ORDERS_ONLY not in trained.card.baselines


def test_the_test_origin_decides_only_what_scores_from_then_on(samples):
    young = samples[
        samples["as_of"] >= ORIGINS[-2]
    ]  # one training origin: nothing is held out, so nothing decides earlier
    trained = train_and_evaluate(young, NOISE, test_as_of=TEST, known_until=KNOWN, resamples=60)
    assert isinstance(trained.model, PurchaseRule)
    assert "at 2024-07-24 MBG/NBD P(buy) ranked" in str(trained.card.reason)
    assert str(trained.card.reason).endswith("so it scores")
    assert trained.card.importance == ()
    assert trained.card.is_replaced
    assert trained.card.data_window == ("2023-09-01", "2024-08-21")
    assert trained.card.season["scoring"] == "no shift: a rule learns no season"
    # what is reported is what was said before the test origin's labels were known
    assert trained.card.measures["auc"].value < 0.6 < trained.card.baselines[ORDERS_ONLY]["auc"].value
    scored = trained.score(young[young["as_of"] == ORIGINS[-1]]).merge(trained.test_predictions, on="user_id")
    assert scored["probability_x"].to_numpy() == pytest.approx(scored[ORDERS_ONLY].to_numpy())
    assert trained.evaluated is trained.model


@pytest.mark.slow
def test_a_model_that_knows_more_keeps_scoring(samples):
    knows = PropensityTask("purchase", 28, "label", "any paid order within 28 days", ("urge",))
    trained = train_and_evaluate(samples, knows, test_as_of=TEST, known_until=KNOWN, resamples=60)
    assert isinstance(trained.model, PropensityModel)
    assert not trained.card.is_fallback
    assert not trained.card.is_replaced
