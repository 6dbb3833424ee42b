"""Training: strict in time, better than the rules on planted data, honest about thin or broken data."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from models import judging, training
from models.fallback import PurchaseRule
from models.judging import checked_samples
from models.propensity import PropensityModel
from models.training import PropensityTask, train_and_evaluate

ORIGINS = pd.date_range("2024-05-01", periods=5, freq="28D")
TEST, KNOWN = ORIGINS[-1].date(), date(2024, 9, 18)  # 2024-08-21 + 28 days
FEATURES = (
    "recency_days",
    "orders_count",
    "net_amount_365d",
    "repeat_days",
    "tenure_days",
    "carts_28d",
    "gap_mean_days",
)
TASK = PropensityTask("purchase", 28, "label", "any paid order within 28 days", FEATURES)


def shop(users=400, seed=11):
    """Simulated: a steady urge to buy drives orders, recency and the label; carts carry news that RFM does not have."""
    rng = np.random.default_rng(seed)
    frames = []
    for origin in ORIGINS:
        urge = rng.normal(0, 1, users)
        tenure = rng.integers(100, 300, users).astype(float)
        repeat = rng.poisson(np.exp(1.0 + 0.5 * urge))
        last = np.where(repeat > 0, np.clip(tenure - 1 - rng.exponential(30 * np.exp(-urge)), repeat, None), 0).round()
        carts = rng.poisson(1.0, users)
        frames.append(
            pd.DataFrame(
                {
                    "user_id": [f"u{number}" for number in range(users)],
                    "as_of": origin,
                    "recency_days": tenure - last,
                    "orders_count": repeat + 1,
                    "net_amount_365d": (repeat + 1) * 40.0,
                    "repeat_days": repeat,
                    "first_to_last_days": last,
                    "tenure_days": tenure,
                    "carts_28d": carts,
                    "gap_mean_days": np.where(repeat > 0, last / np.maximum(repeat, 1), np.nan),
                    "label": rng.random(users) < expit(urge + carts - 1.5),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def samples():
    return shop()


@pytest.fixture(scope="module")
def trained(samples):
    return train_and_evaluate(samples, TASK, test_as_of=TEST, known_until=KNOWN, resamples=60)


def test_beats_every_rule_with_a_paired_interval(trained):
    assert isinstance(trained.model, PropensityModel)
    assert set(trained.card.improvements) == {"recency rule", "RFM score", "MBG/NBD P(buy)", "regression on RFM"}
    assert all(gain.low > 0 for gain in trained.card.improvements.values())
    assert trained.card.measures["ece"].value < 0.08


def test_origins_are_strictly_earlier_and_the_final_model_knows_the_test_origin(trained):
    card = trained.card
    assert card.test_origin == "2024-08-21"
    assert card.evaluation_origins == ("2024-05-01", "2024-05-29", "2024-06-26", "2024-07-24")
    assert card.final_origins == (*card.evaluation_origins, "2024-08-21")
    assert card.training_rows == 1600


@pytest.mark.slow
def test_labels_of_the_test_origin_do_not_reach_the_judged_model(samples, trained):
    flipped = samples.assign(label=np.where(samples["as_of"] == ORIGINS[-1], ~samples["label"], samples["label"]))
    other = train_and_evaluate(flipped, TASK, test_as_of=TEST, known_until=KNOWN, resamples=2)
    assert np.abs(trained.test_predictions["probability"] - other.test_predictions["probability"]).max() < 1e-12
    assert (trained.test_predictions["outcome"] != other.test_predictions["outcome"]).all()


def labels_reach_the_judged_model(samples) -> bool:
    """Whether a judged prediction changes when the labels of the test origin do."""
    flipped = samples.assign(label=np.where(samples["as_of"] == ORIGINS[-1], ~samples["label"], samples["label"]))
    first, second = (
        train_and_evaluate(rows, TASK, test_as_of=TEST, known_until=KNOWN, resamples=2).test_predictions["probability"]
        for rows in (samples, flipped)
    )
    return bool(np.abs(first - second).max() > 1e-12)


@pytest.mark.slow
def test_a_random_split_would_be_found(samples, monkeypatch):
    """The mutation: half of all rows, whatever their origin, train the judged model."""
    few = samples[samples["as_of"] >= ORIGINS[-3]].astype({"label": bool})
    assert not labels_reach_the_judged_model(few)
    everything = []

    def keep(rows, *arguments, **keywords):
        everything[:] = [checked_samples(rows, *arguments, **keywords)]
        return everything[0]

    monkeypatch.setattr(training, "checked_samples", keep)
    monkeypatch.setattr(
        judging, "stable_sample", lambda *_: everything[0].sample(frac=0.5, random_state=1).sort_index()
    )
    assert labels_reach_the_judged_model(few)


@pytest.mark.slow
def test_an_origin_whose_window_is_open_at_the_test_origin_is_not_judged_upon(samples, trained):
    between = samples[samples["as_of"] == ORIGINS[-2]].assign(as_of=pd.Timestamp("2024-08-07"), label=True)
    found = train_and_evaluate(pd.concat([samples, between]), TASK, test_as_of=TEST, known_until=KNOWN, resamples=2)
    assert "2024-08-07" not in found.card.evaluation_origins
    assert "2024-08-07" in found.card.final_origins
    assert np.abs(trained.test_predictions["probability"] - found.test_predictions["probability"]).max() < 1e-12


@pytest.mark.slow
def test_row_order_has_no_influence(samples, trained):
    shuffled = samples.sample(frac=1.0, random_state=5)
    other = train_and_evaluate(shuffled, TASK, test_as_of=TEST, known_until=KNOWN, resamples=2)
    assert np.abs(trained.test_predictions["probability"] - other.test_predictions["probability"]).max() < 1e-12


def test_scores_have_percentiles_and_reasons(samples, trained):
    now = samples[samples["as_of"] == ORIGINS[-1]]
    scored = trained.score(now)
    assert scored["user_id"].tolist() == now["user_id"].tolist()
    assert scored["probability"].between(0, 1).all()
    assert scored["percentile"].max() == 1.0
    assert scored["reason_codes"].str.len().between(1, 3).all()
    assert "carts_28d_high" in scored.loc[scored["probability"].idxmax(), "reason_codes"]
    assert trained.score(now.head(0)).empty


def test_the_card_is_json(trained):
    card = json.loads(json.dumps(trained.card.to_dict(), allow_nan=False))
    assert card["measures"]["auc"]["low"] < card["measures"]["auc"]["value"] < card["measures"]["auc"]["high"]
    assert len(card["calibration"]) == 10
    assert sum(entry["customers"] for entry in card["calibration"]) == card["test_customers"] == 400
    assert "brier" not in card["baselines"]["recency rule"]
    assert card["label_audit"]["findings"] == []


@pytest.mark.slow
def test_churn_turns_the_rules_round(samples):
    churn = samples.assign(label=~samples["label"])
    task = PropensityTask("churn", 28, "label", "no activity within 28 days", FEATURES)
    card = train_and_evaluate(churn, task, test_as_of=TEST, known_until=KNOWN, resamples=2).card
    assert min(measures["auc"].value for measures in card.baselines.values()) > 0.5
    assert card.label_audit is not None
    assert card.label_audit.findings == ()


def test_few_cases_fall_back_to_the_purchase_rule_and_say_so(samples):
    few = samples[samples["user_id"].isin([f"u{number}" for number in range(90)])]
    trained = train_and_evaluate(few, TASK, test_as_of=TEST, known_until=KNOWN, resamples=20)
    assert isinstance(trained.model, PurchaseRule)
    assert trained.card.is_fallback
    assert "100 of each are needed" in str(trained.card.reason)
    assert trained.card.model == "MBG/NBD P(buy)"
    assert np.isfinite(trained.card.measures["auc"].value)
    scored = trained.score(few[few["as_of"] == ORIGINS[-1]])
    assert scored["reason_codes"].explode().str.startswith(("recency_days", "repeat_days", "near_average")).all()
    json.dumps(trained.card.to_dict(), allow_nan=False)


def test_a_short_history_falls_back(samples):
    young = samples.assign(tenure_days=50.0, first_to_last_days=np.where(samples["repeat_days"] > 0, 20.0, 0.0))
    card = train_and_evaluate(young, TASK, test_as_of=TEST, known_until=KNOWN, resamples=2).card
    assert card.reason == "history of 78 days is shorter than 3 horizons of 28 days"


def test_one_outcome_only_falls_back_with_undefined_measures(samples):
    trained = train_and_evaluate(samples.assign(label=0), TASK, test_as_of=TEST, known_until=KNOWN, resamples=2)
    assert trained.card.is_fallback
    assert trained.card.to_dict()["measures"]["auc"]["value"] is None
    assert trained.card.label_audit is not None
    assert trained.card.label_audit.findings == ("degenerate",)


@pytest.mark.slow
def test_people_without_orders_are_scored_too(samples):
    browsers = samples.head(40).assign(
        user_id=[f"b{number}" for number in range(40)], as_of=ORIGINS[-1], orders_count=0, repeat_days=0, label=False
    )
    browsers[["recency_days", "tenure_days", "first_to_last_days", "net_amount_365d", "gap_mean_days"]] = np.nan
    both = pd.concat([samples, browsers])
    trained = train_and_evaluate(both, TASK, test_as_of=TEST, known_until=KNOWN, resamples=2)
    assert len(trained.score(both[both["as_of"] == ORIGINS[-1]])) == 440


@pytest.mark.slow
def test_a_cap_keeps_whole_users(samples):
    card = train_and_evaluate(samples, TASK, test_as_of=TEST, known_until=KNOWN, resamples=2, max_rows=1200).card
    assert card.training_rows == 4 * card.training_customers
    assert 1000 < card.training_rows < 1400


def test_broken_input_is_refused_with_counts(samples):
    def attempt(frame, known=KNOWN):
        return train_and_evaluate(frame, TASK, test_as_of=TEST, known_until=known, resamples=2)

    with pytest.raises(ValueError, match="400 of 2000 samples have an open label window"):
        attempt(samples, date(2024, 9, 17))
    with pytest.raises(ValueError, match="lack 1 columns: carts_28d"):
        attempt(samples.drop(columns="carts_28d"))
    with pytest.raises(ValueError, match="2000 of 4000 training samples repeat a user"):
        attempt(pd.concat([samples, samples]))
    with pytest.raises(ValueError, match="no training sample at the test origin"):
        attempt(samples[samples["as_of"] < ORIGINS[-1]])


def test_an_inverted_label_is_found_and_blocks_the_model(samples):
    trained = train_and_evaluate(
        samples.assign(label=samples["recency_days"] > 60), TASK, test_as_of=TEST, known_until=KNOWN, resamples=2
    )
    assert "label audit: inverted" in trained.card.limits
    assert isinstance(trained.model, PurchaseRule)  # such labels train no model
    assert "classes are exchanged" in str(trained.card.reason)


def test_the_rule_for_the_lapsed_knows_everybodys_histories(samples):
    lapsed = samples[samples["recency_days"] > 60].groupby("as_of").head(50)
    task = replace(TASK, outcome="reactivation")
    settings = {"test_as_of": TEST, "known_until": KNOWN, "resamples": 2}
    alone = train_and_evaluate(lapsed, task, **settings)
    among_all = train_and_evaluate(lapsed, task, rule_customers=samples, **settings)
    whole = PurchaseRule.fit(samples[samples["as_of"] == ORIGINS[-1]], outcome="reactivation", horizon_days=28)
    now = lapsed[lapsed["as_of"] == ORIGINS[-1]].sort_values("user_id")
    assert among_all.card.is_fallback
    assert among_all.test_predictions["probability"].to_numpy() == pytest.approx(whole.predict_proba(now)[:, 1])
    assert among_all.test_predictions["probability"].mean() != pytest.approx(
        alone.test_predictions["probability"].mean(), rel=0.05
    )
