"""Campaign response: better than the rule on planted campaigns, strict in time, honest about thin data."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from models import campaign_response
from models.calibration import logit
from models.campaign_response import (
    FEATURES,
    PENALTIES,
    ResponseModel,
    ResponseRule,
    roll,
    split_by_date,
    train_response,
)
from models.reason_phrases import phrase
from models.scoring import score_customers

START = pd.date_range("2024-01-01", periods=8, freq="30D")


def campaigns(contacts=150, seed=5):
    """Simulated: eight campaigns of 20 days; coupons used before and products offered drive redemption."""
    rng = np.random.default_rng(seed)
    frames = []
    for number, first_date in enumerate(START):
        habit, fit = rng.exponential(1.0, contacts), rng.exponential(1.0, contacts)
        values = {name: rng.poisson(3.0, contacts).astype(float) for name in FEATURES}
        values |= {
            "campaign_id": f"c{number}",
            "user_id": [f"u{place}" for place in range(contacts)],
            "first_date": first_date,
            "last_date": first_date + pd.Timedelta(days=19),
            "coupon_order_share": np.clip(habit / 5, 0, 1),
            "offered_lines_count": rng.poisson(2 * fit).astype(float),
            "redeemed_campaigns_count": rng.binomial(number, np.clip(habit / 8, 0, 1)).astype(float),
            "contacts_count": float(number),
            "days_since_redemption": np.where(rng.random(contacts) < 0.5, np.nan, 10.0),
            "has_redeemed": rng.random(contacts) < expit(1.2 * habit + 0.8 * fit - 3.2),
        }
        frames.append(pd.DataFrame(values))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def samples():
    return campaigns()


@pytest.fixture(scope="module")
def trained(samples):
    return train_response(samples, resamples=100)


def test_beats_the_rule_with_a_paired_interval(trained):
    assert isinstance(trained.model, ResponseModel)
    gain = trained.card["improvements"]["own share of campaigns redeemed"]
    assert gain["low"] > 0
    assert trained.card["measures"]["ece"]["value"] < 0.06


def turned_round(samples):
    """The answers of every campaign that had not ended when the fifth began are the opposite."""
    return samples.assign(has_redeemed=samples["has_redeemed"] ^ (samples["last_date"] >= START[4]))


def first_five(rolling):
    return rolling.loc[rolling["first_date"] <= START[4], ["probability", "rule"]].to_numpy()


def test_later_campaigns_do_not_reach_the_prediction_of_an_earlier_one(samples, trained):
    before = first_five(trained.rolling)
    assert len(before) == 300
    np.testing.assert_array_equal(before, first_five(roll(turned_round(samples))))


def test_a_random_split_would_be_found(samples, monkeypatch):
    """The proof of the test above: with a random third of every campaign in the training, the scores change."""
    honest = campaign_response._fit

    def leaky(frame):
        drawn = frame.sample(frac=1 / 3, random_state=1)
        monkeypatch.setattr(
            campaign_response, "_fit", lambda past, penalties: honest(pd.concat([past, drawn]), penalties)
        )
        return roll(frame)

    assert np.abs(first_five(leaky(samples)) - first_five(leaky(turned_round(samples)))).max() > 0.01


def test_a_campaign_that_still_runs_teaches_nothing(samples):
    """Windows overlap: what ends on the day another begins has not ended before it."""
    long = samples.assign(last_date=samples["first_date"] + pd.Timedelta(days=60))
    judged = roll(long)
    # three campaigns must have ended: the first three do so 60, 90 and 120 days after the first begins
    assert judged["first_date"].min() == START[5]


def test_row_order_has_no_influence(samples, trained):
    again = train_response(samples.sample(frac=1.0, random_state=3), resamples=2)
    np.testing.assert_array_equal(again.rolling["probability"], trained.rolling["probability"])


def test_missing_history_is_data(samples, trained):
    unknown = samples.head(5).assign(**dict.fromkeys(FEATURES, np.nan))
    assert trained.model.probability(unknown).shape == (5,)
    assert np.isfinite(trained.model.probability(unknown)).all()


def test_the_card_is_json_and_says_what_counts(trained):
    card = json.loads(json.dumps(trained.card))
    assert next(iter(card["weights"])) in ("coupon_order_share", "offered_lines_count")
    assert card["penalty"] in PENALTIES
    assert card["judged_campaigns"] == [f"c{number}" for number in range(3, 8)]
    assert [row["bin"] for row in card["calibration"]] == list(range(1, 11))


@pytest.mark.parametrize("kept", ["c0", None])
def test_few_campaigns_fall_back_to_the_rule_and_say_so(samples, kept):
    thin = samples[samples["campaign_id"] == kept]
    trained = train_response(thin)
    assert trained.is_fallback
    assert f"{1 if kept else 0} ended campaigns" in trained.card["reason"]
    assert trained.card["measures"] is None
    assert trained.card["redeemed_share"] == (pytest.approx(thin["has_redeemed"].mean()) if kept else None)


def test_the_rule_shrinks_the_own_share_to_that_of_all():
    contacts = pd.DataFrame({"redeemed_campaigns_count": [0, 0, 5, 2], "contacts_count": [0, 15, 5, 0]})
    # prior of 5 contacts at 0.2 = 1 redeemed: 1/5, 1/20, 6/10; more campaigns redeemed than contacted: (2 + 1)/(2 + 5)
    np.testing.assert_allclose(ResponseRule(0.2).probability(contacts), [0.2, 0.05, 0.6, 3 / 7])


def test_split_by_date_leaves_out_what_runs_on_it(samples):
    past, later = split_by_date(samples, date(2024, 3, 5))  # c2 runs from 1 March to 20 March
    assert sorted(past["campaign_id"].unique()) == ["c0", "c1"]
    assert later["campaign_id"].min() == "c3"


def test_broken_input_is_refused_with_counts(samples):
    with pytest.raises(ValueError, match="lack 1 columns: offered_share"):
        train_response(samples.drop(columns="offered_share"))
    with pytest.raises(ValueError, match="1 of 1200 campaign samples have no has_redeemed"):
        train_response(samples.assign(has_redeemed=[None, *samples["has_redeemed"][1:]]))


def test_reasons_add_up_and_name_what_was_planted(samples, trained):
    now = samples[samples["campaign_id"] == "c7"]
    probability, added = trained.model.explain(now)
    base = logit(probability) - added.sum(axis=1)
    assert base == pytest.approx(np.full(len(now), base[0]))
    assert probability == pytest.approx(trained.model.probability(now))
    scored = score_customers(trained.model, now, columns=FEATURES)
    first = scored.sort_values("probability")["reason_codes"].str[0]
    planted = r"(coupon_order_share|offered_lines_count|redeemed_campaigns_count)_high"
    assert first.tail(len(now) // 10).str.fullmatch(planted).mean() > 0.8
    words = {phrase(code, language) for code in scored["reason_codes"].explode() for language in ("en", "zh")}
    assert not any("_" in word for word in words)


def test_the_rule_explains_itself_by_the_own_record(samples):
    probability, added = ResponseRule(0.1).explain(samples)
    assert (logit(np.array(0.1)) + added.sum(axis=1)) == pytest.approx(logit(probability))
    assert np.flatnonzero(added.any(axis=0)).tolist() == [FEATURES.index("redeemed_campaigns_count")]
