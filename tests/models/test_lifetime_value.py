"""Lifetime value: a first order is no habit, the total is the closed form's, ranking beats either half on a planted shop."""

import json

import numpy as np
import pandas as pd
import pytest

from models.btyd import MBGNBD
from models.lifetime_value import PurchaseHistoryValue, judge_history


def planted(customers: int = 3_000, seed: int = 2, *, horizon: int = 90) -> pd.DataFrame:
    """Simulated customers: gamma rates, drop-out after purchases, own spend per day; features at day 300, then the future."""
    rng = np.random.default_rng(seed)
    rows = []
    for rate, quits, amount, born in zip(
        rng.gamma(0.8, 1 / 25, customers), rng.beta(0.6, 4.0, customers), rng.gamma(4.0, 10.0, customers),
        rng.integers(0, 290, customers), strict=True,
    ):  # fmt: skip
        day, days = float(born), [int(born)]
        while rng.random() > quits and (day := day + rng.exponential(1 / rate)) < 300 + horizon:
            days.append(int(day))
        before = sorted({day for day in days if day < 300})
        recent = sum(day >= 300 - 90 for day in before)
        rows.append({
            "repeat_days": len(before) - 1, "first_to_last_days": before[-1] - before[0], "tenure_days": 300 - before[0],
            "orders_count": len(before), "orders_90d": recent, "net_amount_90d": recent * amount,
            "monetary_mean_amount": amount if len(before) > 1 else np.nan, "average_order_amount": amount,
            "future_orders_count": (future := len({day for day in days if day >= 300})), "future_net_amount": future * amount,
        })  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def customers():
    return planted()


def test_total_and_ranking_hold_out_of_time(customers):
    spend = judge_history(customers, 90, resamples=20)["expected_spend"]
    assert abs(spend["trellis"]["bias"][0]) < 0.12
    assert spend["trellis"]["ngini"][0] > spend["past_spend"]["ngini"][0]
    # every new customer's first order counts as a habit there
    assert spend["past_spend"]["bias"][0] > spend["trellis"]["bias"][0] + 0.2


def test_half_is_the_closed_form_and_the_total_is_its_total(customers):
    model = PurchaseHistoryValue.fit(customers)
    closed, whole = model.closed_form(customers, 90), model.predict(customers, 90)
    assert whole.sum().to_numpy() == pytest.approx(closed.sum().to_numpy())
    past = customers["net_amount_90d"] * (closed["expected_spend"].sum() / customers["net_amount_90d"].sum())
    assert whole["expected_spend"].to_numpy() == pytest.approx((closed["expected_spend"] + past) / 2)
    x, last, T = (customers[name].to_numpy(float) for name in ("repeat_days", "first_to_last_days", "tenure_days"))
    days = MBGNBD.fit(x, last, T=T).expected_purchases(90, x, recency=last, T=T)
    assert closed["expected_orders"].to_numpy() == pytest.approx(days * model.orders_per_day)


def test_a_part_of_the_population_keeps_the_scale_of_the_whole(customers):
    model = PurchaseHistoryValue.fit(customers)
    whole = model.predict(customers, 90)
    part = model.predict(customers.head(50), 90, factors=model.past_factors(customers, 90))
    pd.testing.assert_frame_equal(part, whole.head(50))


def test_longer_horizons_expect_more_but_less_per_day(customers):
    model = PurchaseHistoryValue.fit(
        customers.assign(orders_182d=0, net_amount_182d=0.0, orders_365d=0, net_amount_365d=0.0)
    )
    totals = [model.closed_form(customers, days)["expected_orders"].sum() for days in (90, 180, 365)]
    assert totals[0] < totals[1] < totals[2]
    assert totals[1] < 2 * totals[0]


def test_without_repeat_purchases_the_shops_rate_stands_in():
    once = planted(200).assign(repeat_days=0, first_to_last_days=0, monetary_mean_amount=np.nan)
    model = PurchaseHistoryValue.fit(once)
    assert model.counts is None
    found = model.closed_form(once, 90)
    assert found["expected_orders"].sum() == pytest.approx(
        0.5 / once["tenure_days"].sum() * 90 * 200 * model.orders_per_day
    )
    assert np.isfinite(model.predict(once, 90).to_numpy()).all()


def test_the_card_holds_every_fitted_number(customers):
    model = PurchaseHistoryValue.fit(customers)
    described = json.loads(json.dumps(model.describe(), allow_nan=False))
    again = MBGNBD(**described["mbg_nbd"])
    assert again == model.counts
    assert model.version == PurchaseHistoryValue.fit(customers.copy()).version
    assert model.version != PurchaseHistoryValue.fit(customers.head(2_000)).version


def test_a_window_without_purchases_judges_nothing(customers):
    silent = customers.assign(future_orders_count=0, future_net_amount=0.0)
    assert judge_history(silent, 90) == {"expected_orders": {}, "expected_spend": {}}
