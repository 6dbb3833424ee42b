"""Expected value beats past spend on a planted shop, keeps its level, and says when it has too little to learn from."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.value import train_value
from models.value_members import BOOSTING, fit_members, without_outliers

COLUMNS = ["recency_days", "orders_count", "orders_90d", "net_amount_90d", "carts_28d"]


def planted(origins: int = 6, users: int = 500, *, growth: float = 1.0, seed: int = 4) -> pd.DataFrame:
    """Customers whose next spend follows carts they have now, which past spend does not show."""
    random = np.random.default_rng(seed)
    frames = []
    for number in range(origins):
        rate = random.gamma(1.0, 1.0, users)
        carts = random.poisson(2 * rate)
        past = random.poisson(rate * 2)
        orders = random.poisson(growth**number * (0.2 * rate + 0.5 * carts))
        frames.append(pd.DataFrame({
            "user_id": [f"u{user}" for user in range(users)],
            "as_of": date(2024, 1, 1) + timedelta(days=30 * number),
            "recency_days": 10.0, "tenure_days": 200.0, "first_to_last_days": np.where(past > 0, 100.0, 0.0),
            "repeat_days": past, "orders_count": past + 1,
            "orders_90d": past, "orders_28d": past, "net_amount_28d": past * 20.0, "net_amount_90d": past * 20.0,
            "monetary_mean_amount": 20.0, "average_order_amount": 20.0, "carts_28d": carts,
            "future_orders_count": orders, "future_net_amount": orders * 20.0,
        }))  # fmt: skip
    return pd.concat(frames, ignore_index=True)


@pytest.mark.slow
def test_it_beats_past_spend_and_keeps_the_level():
    samples = planted(growth=1.1)
    trained = train_value(
        samples, horizon_days=28, feature_columns=COLUMNS, test_as_of=date(2024, 1, 1) + timedelta(days=150)
    )
    spend = trained.metrics["expected_spend"]
    assert spend["chosen"] == "boosting"
    assert spend["measures"]["trellis"]["ngini"][0] > spend["measures"]["past_spend"]["ngini"][0] + 0.05
    own, past = spend["measures"]["trellis"], spend["measures"]["past_spend"]
    gain, low, _ = past["ngini_gain"]
    assert gain == pytest.approx(own["ngini"][0] - past["ngini"][0])
    assert low > 0  # better, as the paired interval says
    assert past["mae_gain"][0] == pytest.approx(past["mae"][0] - own["mae"][0])
    assert spend["level_from"]["trend"] == max(spend["level_from"].values())
    assert abs(spend["measures"]["trellis"]["bias"][0]) < 0.15
    predicted = trained.predict(samples)
    assert np.isfinite(predicted.to_numpy()).all()
    assert (predicted.to_numpy() >= 0).all()


@pytest.mark.slow
def test_the_test_origin_has_no_say_in_the_choice():
    samples = planted()
    test_as_of = date(2024, 1, 1) + timedelta(days=150)
    spoilt = samples.copy()
    last = spoilt["as_of"] == test_as_of
    spoilt.loc[last, "future_net_amount"] = spoilt.loc[last, "net_amount_90d"]
    honest, misled = (
        train_value(frame, horizon_days=28, feature_columns=COLUMNS, test_as_of=test_as_of).metrics["expected_spend"]
        for frame in (samples, spoilt)
    )
    assert honest["chosen"] == misled["chosen"]
    assert honest["level"] == misled["level"]


def test_too_little_data_falls_back_to_purchase_histories_and_says_so():
    trained = train_value(
        planted(origins=2, users=40), horizon_days=28, feature_columns=COLUMNS, test_as_of=date(2024, 1, 31)
    )
    assert trained.is_fallback
    assert "purchase histories alone" in str(trained.reason)
    assert trained.metrics["expected_spend"]["chosen"] == "history"
    new = planted(origins=1, users=40).assign(repeat_days=0, first_to_last_days=0.0, net_amount_28d=500.0)
    # nobody came back: a first order is not expected again at once
    assert trained.predict(new)["expected_spend"].mean() < 100.0


def test_where_nothing_could_be_tried_the_mixture_stands_unlevelled():
    samples = planted(origins=2)
    trained = train_value(samples, horizon_days=28, feature_columns=COLUMNS, test_as_of=date(2024, 1, 31))
    spend = trained.metrics["expected_spend"]
    assert not trained.is_fallback
    assert (spend["chosen"], spend["level_from"], spend["level"]) == ("mixture", {"own": 1.0}, 1.0)
    assert spend["measures"]["trellis"]["ngini"][0] > spend["measures"]["past_spend"]["ngini"][0] + 0.02


def test_amounts_above_the_cut_are_cut_to_it_and_the_others_stay():
    amounts = np.r_[np.zeros(500), np.arange(1.0, 1001.0), 1e6]
    cut = without_outliers(amounts)
    assert cut[:1490] == pytest.approx(amounts[:1490])  # 995 of 1,001 buyers lie below
    assert cut.max() == pytest.approx(np.quantile(amounts[amounts > 0], 0.995))
    assert without_outliers(np.zeros(3)).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("rows, rounds, bins", [(9_999, 75, 63), (10_000, 150, 255)])
def test_a_small_sample_is_learnt_in_half_the_rounds(rows, rounds, bins):
    samples = planted(origins=2, users=300)
    many = pd.concat([samples] * (rows // len(samples) + 1), ignore_index=True).head(rows)
    build = {"columns": COLUMNS, "horizon_days": 28, "seed": 0}
    trees = fit_members([BOOSTING], "expected_orders", many, **build)[BOOSTING].mean
    assert (trees.max_iter, trees.max_bins) == (rounds, bins)
    assert trees.max_iter * trees.learning_rate == pytest.approx(7.5)
    tried = fit_members([BOOSTING], "expected_orders", many, **build, rounds=50)[BOOSTING].mean
    assert (tried.max_iter, tried.learning_rate) == (50, 0.15)


def test_one_wholesale_order_does_not_move_what_everybody_is_expected_to_spend():
    plain = planted(origins=3, users=300)
    struck = plain.copy()
    struck.loc[struck["carts_28d"].idxmax(), "future_net_amount"] = 1e6  # as large as all others of ten years together
    build = {"columns": COLUMNS, "horizon_days": 28, "seed": 0}
    calm, moved = (fit_members([BOOSTING], "expected_spend", rows, **build)[BOOSTING] for rows in (plain, struck))
    assert moved.predict(plain).sum() == pytest.approx(calm.predict(plain).sum(), rel=0.1)


def test_the_boosting_expects_the_mean_of_the_windows_it_learnt_from():
    samples = planted(origins=5, users=400)
    random = np.random.default_rng(8)
    heavy = samples.assign(future_net_amount=samples["future_net_amount"] * random.lognormal(0, 1.2, len(samples)))
    found = fit_members([BOOSTING], "expected_spend", heavy, columns=COLUMNS, horizon_days=28, seed=0)[BOOSTING]
    whole = heavy["future_net_amount"].sum()
    assert without_outliers(heavy["future_net_amount"].to_numpy()).sum() < 0.975 * whole
    assert found.predict(heavy).sum() == pytest.approx(whole, rel=0.03)
