"""Purchase rule: label-free, total over people and outcomes, explained by the customer's own history, never behind recency.

Its ranking on simulated small shops: `tests/pipelines/test_small_shops.py`.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from models.day_histories import NEVER, DayHistories
from models.fallback import PurchaseRule


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


def with_visits():
    """Simulated: everybody of `histories` visits more often than he orders, and came later than he bought."""
    rng, features = np.random.default_rng(7), histories()
    return features.assign(
        active_days_count=features["repeat_days"] + 1 + rng.poisson(3.0, len(features)),
        first_active_days=features["tenure_days"],
        last_active_days=np.ceil(features["recency_days"] * rng.random(len(features))),
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
    assert probability[-1] == NEVER
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


def test_churn_is_about_activity_where_a_shop_records_it():
    features = with_visits()
    leave = PurchaseRule.fit(features, outcome="churn", horizon_days=28)
    assert leave.name == "MBG/NBD P(active)"
    probability = leave.predict_proba(features)[:, 1]
    assert rank_correlation(probability, features["last_active_days"]) > 0.6
    later_order = features.assign(first_to_last_days=features["tenure_days"], repeat_days=features["repeat_days"] + 1)
    # an order the day before without a visit changes nothing but the number of repeat days it is known from
    assert np.abs(leave.predict_proba(later_order)[:, 1] - probability).max() < 0.2


def test_a_purchase_keeps_the_level_of_orders_and_ranks_by_visits_too():
    features = with_visits()
    orders = PurchaseRule.fit(features, outcome="purchase", horizon_days=28, orders_only=True)
    both = PurchaseRule.fit(features, outcome="purchase", horizon_days=28)
    assert both.name == "MBG/NBD P(buy) and P(active)"
    found, plain = (rule.predict_proba(features)[:, 1] for rule in (both, orders))
    assert found.mean() == pytest.approx(plain.mean())
    assert rank_correlation(found, -features["last_active_days"]) > rank_correlation(
        plain, -features["last_active_days"]
    )


def test_browsers_have_a_chance_to_stay_but_none_to_buy():
    browsers = pd.DataFrame(
        {
            "repeat_days": [0.0, 0.0],
            "active_days_count": [9.0, 1.0],
            "first_active_days": [60.0, 60.0],
            "last_active_days": [2.0, 60.0],
        }
    )
    features = pd.concat([with_visits(), browsers], ignore_index=True)
    leave = PurchaseRule.fit(features, outcome="churn", horizon_days=28).predict_proba(features)[-2:, 1]
    assert leave[0] < 0.5 < leave[1]
    buy = PurchaseRule.fit(features, outcome="purchase", horizon_days=28).predict_proba(features)[-2:, 1]
    assert (buy == NEVER).all()


def test_reasons_of_churn_name_activity():
    features = with_visits()
    added = PurchaseRule.fit(features, outcome="churn", horizon_days=28).contributions(features)
    columns = list(features.columns)
    moved = {name for name, column in zip(columns, added.T, strict=True) if column.any()}
    assert moved == {"last_active_days", "active_days_count"}
    assert rank_correlation(added[:, columns.index("last_active_days")], features["last_active_days"]) > 0.5


def test_active_days_and_order_days_make_one_history():
    features = pd.DataFrame(
        {
            "repeat_days": [2.0, 0.0, 0.0],
            "first_to_last_days": [20.0, 0.0, np.nan],
            "tenure_days": [40.0, 40.0, np.nan],
            "active_days_count": [2.0, 1.0, np.nan],
            "first_active_days": [30.0, 50.0, np.nan],
            "last_active_days": [5.0, 40.0, np.nan],
        }
    )
    found = DayHistories.of_activity(features)
    # since the order of day 40 until five days ago, three order days; one visit and one order ten days later; nothing
    assert found.T.tolist()[:2] == [40.0, 50.0]
    assert found.t_x.tolist()[:2] == [35.0, 10.0]
    assert found.x.tolist()[:2] == [2.0, 1.0]
    assert found.known.tolist() == [True, True, False]
