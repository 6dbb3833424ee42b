"""Purchase rule: label-free, total over people and outcomes, explained by the customer's own history."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from models.fallback import NEVER_ORDERED, PurchaseRule


def histories():
    rng = np.random.default_rng(5)
    tenure = rng.integers(50, 300, 400).astype(float)
    repeat = rng.poisson(rng.gamma(0.8, 4.0, 400)).astype(float)
    last = np.where(repeat > 0, np.maximum(repeat, (tenure * rng.beta(repeat + 1, 1.5)).round()), 0.0)
    last = np.minimum(last, tenure)
    return pd.DataFrame(
        {
            "recency_days": tenure - last,
            "repeat_days": repeat,
            "first_to_last_days": last,
            "tenure_days": tenure,
        }
    )


def rank_correlation(left, right):
    return np.corrcoef(rankdata(left), rankdata(right))[0, 1]


def test_churn_is_one_minus_purchase():
    features = histories()
    buy, leave = (PurchaseRule.fit(features, outcome=name, horizon_days=28) for name in ("purchase", "churn"))
    assert buy.predict_proba(features)[:, 1] == pytest.approx(1 - leave.predict_proba(features)[:, 1])
    assert buy.name == "MBG/NBD P(buy)"
    back = PurchaseRule.fit(features, outcome="reactivation", horizon_days=28)
    assert back.predict_proba(features)[:, 1] == pytest.approx(buy.predict_proba(features)[:, 1])


def test_people_without_orders_rank_last_and_are_not_explained():
    features = pd.concat([histories(), pd.DataFrame([{"repeat_days": 0.0}])], ignore_index=True)
    rule = PurchaseRule.fit(features, outcome="purchase", horizon_days=28)
    probability = rule.predict_proba(features)[:, 1]
    assert probability[-1] == NEVER_ORDERED
    assert np.isfinite(probability).all()
    assert (rule.contributions(features)[-1] == 0).all()


def test_a_shop_of_one_time_buyers_and_browsers_is_explained_too():
    one_time = histories().assign(repeat_days=0.0, first_to_last_days=0.0)
    one_time.loc[:40, ["repeat_days", "first_to_last_days"]] = [2.0, 20.0]
    browsers = pd.DataFrame({"repeat_days": [0.0] * 5})
    features = pd.concat([one_time.assign(tenure_days=one_time["tenure_days"] + 20), browsers], ignore_index=True)
    rule = PurchaseRule.fit(features, outcome="churn", horizon_days=28)
    assert np.isfinite(rule.contributions(features)).all()
    assert (rule.contributions(features)[-5:] == 0).all()


def test_where_the_model_cannot_be_fitted_a_purchase_rate_stands_in():
    nobody_came_back = histories().assign(repeat_days=0.0, first_to_last_days=0.0)
    rule = PurchaseRule.fit(nobody_came_back, outcome="purchase", horizon_days=30)
    assert rule.name == "purchase rate rule"
    regular = pd.DataFrame({"repeat_days": [9.0], "first_to_last_days": [60.0], "tenure_days": [65.0]})
    # 9.5 purchases in 65 + 30 days are .1 a day: 1 - exp(-30 * .1)
    assert rule.predict_proba(regular)[0, 1] == pytest.approx(1 - np.exp(-3.0))


def test_contributions_follow_history():
    features = histories()
    rule = PurchaseRule.fit(features, outcome="purchase", horizon_days=28)
    added = rule.contributions(features)
    regular = features["repeat_days"] > 3
    assert rank_correlation(added[regular, 0], -features["recency_days"][regular]) > 0.5
    assert rank_correlation(added[:, 1], features["repeat_days"]) > 0.5


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match="missing: tenure_days"):
        PurchaseRule.fit(histories().drop(columns="tenure_days"), outcome="purchase", horizon_days=28)
    with pytest.raises(ValueError, match="outcome 'upsell' has no purchase rule"):
        PurchaseRule.fit(histories(), outcome="upsell", horizon_days=28)
