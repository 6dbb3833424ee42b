"""Backtests: means keep their pairing, groups add up, curves are the definitions."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.backtest import CURVE_COLUMNS, MEASURE_COLUMNS, judge_origin, mean_of_values, mean_over_origins, value_rows
from models.evaluation import compare
from models.judging import JudgedPropensity, PropensityTask
from models.model_card import LabelAudit
from models.propensity import PropensityModel
from models.value import TrainedValue, measures_of

TASK = PropensityTask("purchase", 28, "label", "any paid order within 28 days", ("recency_days",))
USERS = 600


def judged(origin: date, seed: int, *, too_thin: str | None = None) -> JudgedPropensity:
    """Simulated: the model sees the probability itself, the rule a blurred one."""
    rng = np.random.default_rng(seed)
    probability = rng.beta(1, 2, USERS)
    test = pd.DataFrame(
        {
            "user_id": [f"u{number:03}" for number in range(USERS)],
            "as_of": pd.Timestamp(origin),
            "label": (rng.random(USERS) < probability).astype(int),
            "recency_days": rng.integers(1, 90, USERS).astype(float),
            "orders_count": rng.integers(1, 9, USERS),
            "net_amount_365d": rng.gamma(2.0, 40.0, USERS),
            "tenure_days": rng.integers(91, 500, USERS).astype(float),
        }
    )
    rule = probability + rng.normal(0, 0.3, USERS)
    predictions = {"model": probability, "recency rule": rule}
    return JudgedPropensity(TASK, PropensityModel(), test.head(0), test, predictions, too_thin, LabelAudit({}, ()))


@pytest.fixture(scope="module")
def origins():
    customers = [f"u{number:03}" for number in range(USERS)]
    channels = {f"u{number:03}": "search" if number % 3 else "rare" for number in range(USERS) if number >= 50}
    return [
        judge_origin(judged(day, number), customers=customers, channels=channels, resamples=80)
        for number, day in enumerate([date(2024, 3, 1), date(2024, 3, 29)])
    ]


def pick_all(rows, **where):
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows


def pick(rows, **where):
    rows = pick_all(rows, **where)
    assert len(rows) == 1
    return rows.iloc[0]


def test_a_mean_is_the_mean_and_narrower_than_its_origins(origins):
    mean = mean_over_origins(origins)
    assert tuple(mean.columns) == MEASURE_COLUMNS
    whole = {"predictor": "model", "measure": "auc", "dimension": "all"}
    single = [pick(origin.measures, **whole) for origin in origins]
    both = pick(mean, **whole)
    assert both["estimate"] == pytest.approx(np.mean([row["estimate"] for row in single]))
    assert both["users_count"] == 2 * USERS
    assert both["estimate_high"] - both["estimate_low"] < min(r["estimate_high"] - r["estimate_low"] for r in single)
    gain = pick(mean, predictor="recency rule", measure="auc_gain")
    assert gain["estimate_low"] > 0


def test_equal_customers_are_drawn_at_every_origin():
    customers = [f"u{number:03}" for number in range(USERS)]
    same = [
        judge_origin(judged(day, 1), customers=customers, channels={}, resamples=20)
        for day in (date(2024, 3, 1), date(2024, 3, 29))
    ]
    first, second = (origin.comparison.draws["model"]["auc"] for origin in same)
    np.testing.assert_array_equal(first, second)
    # the mean of two equal origins is as uncertain as one: nothing was gained by counting a customer twice
    mean = pick(mean_over_origins(same), predictor="model", measure="auc")
    alone = pick(same[0].measures, predictor="model", measure="auc", dimension="all")
    assert mean["estimate_low"] == pytest.approx(alone["estimate_low"])


def test_groups_cover_everybody_and_small_ones_are_together(origins):
    rows = origins[0].measures
    for dimension in ("persona", "channel", "tenure"):
        groups = rows[(rows["dimension"] == dimension) & (rows["measure"] == "prevalence")]
        assert groups["users_count"].sum() == USERS
    channels = rows[(rows["dimension"] == "channel") & (rows["measure"] == "auc")]
    assert set(channels["dimension_value"]) == {"search", "rare", "groups under 100 users"}  # 50 have no channel


def test_rules_that_only_rank_have_no_calibration(origins):
    rows, curves = origins[0].measures, origins[0].curves
    rule = rows[(rows["predictor"] == "recency rule") & (rows["dimension"] == "all")]
    assert not {"brier", "ece"} & set(rule["measure"])
    assert set(curves.loc[curves["predictor"] == "recency rule", "curve"]) == {"gain", "lift"}
    assert tuple(curves.columns) == CURVE_COLUMNS


def test_curves_are_their_definitions(origins):
    curves = origins[0].curves[origins[0].curves["predictor"] == "model"]
    gain, lift = (curves[curves["curve"] == name].set_index("bin") for name in ("gain", "lift"))
    assert gain["curve_y"].is_monotonic_increasing
    assert gain.loc[20, ["curve_x", "curve_y"]].tolist() == [1.0, 1.0]
    assert lift.loc[20, "curve_y"] == 1.0
    captured = pick(origins[0].measures, predictor="model", measure="capture_at_10", dimension="all")["estimate"]
    assert gain.loc[2, "curve_y"] == pytest.approx(captured)  # two twentieths: the best tenth
    reliability = curves[curves["curve"] == "reliability"]
    assert reliability["users_count"].sum() == USERS


def test_value_measures_become_rows():
    measures = {"trellis": {"ngini": (0.8, 0.7, 0.9)}, "past_spend": {"ngini": (0.7, 0.6, 0.8)}}
    metrics = {"expected_spend": {"test_as_of": "2024-03-01", "customers": 90, "measures": measures}}
    rows = value_rows(metrics, horizon_days=28)
    assert tuple(rows.columns) == MEASURE_COLUMNS
    assert pick(rows, predictor="past spend")["estimate"] == 0.7


def foreseen(origin: str, seed: int, names=("trellis", "past_spend")) -> TrainedValue:
    """Simulated: what ships knows each customer's rate, past spend is blurred."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(1.0, 30.0, USERS)
    said = {"trellis": rate, "past_spend": rate * rng.gamma(1.0, 1.0, USERS), "btyd": rate * rng.gamma(2.0, 0.5, USERS)}
    found = compare(
        rng.poisson(rate).astype(float), {name: said[name] for name in names}, kind="value", seed=0, resamples=80,
        customers=np.arange(USERS), customers_count=USERS,
    )  # fmt: skip
    about = {"test_as_of": origin, "customers": USERS, "measures": measures_of(found)}
    return TrainedValue(
        {}, {}, {"expected_spend": about}, is_fallback=False, reason=None, comparisons={"expected_spend": found}
    )


def test_a_mean_of_values_has_paired_intervals_and_only_shared_predictors():
    values = [foreseen("2024-03-01", 1), foreseen("2024-03-29", 2, ("trellis", "past_spend", "btyd"))]
    single = pd.concat([value_rows(one.metrics, horizon_days=28) for one in values])
    mean = mean_of_values(values, horizon_days=28)
    assert tuple(mean.columns) == MEASURE_COLUMNS
    assert set(mean["predictor"]) == {"model", "past spend"}  # one origin of btyd is no mean over two
    assert set(mean["origin"]) == {"mean"}
    gain, alone = (pick_all(rows, predictor="past spend", measure="ngini_gain") for rows in (mean, single))
    assert gain["estimate"].iloc[0] == pytest.approx(alone["estimate"].mean())
    width = [(rows["estimate_high"] - rows["estimate_low"]) for rows in (gain, alone)]
    assert gain["estimate_low"].iloc[0] > 0
    assert width[0].iloc[0] < width[1].min()
    assert mean["users_count"].eq(2 * USERS).all()
    twice = mean_of_values([values[0], values[0]], horizon_days=28)  # the same customers twice: nothing was learnt
    assert pick_all(twice, predictor="past spend", measure="ngini_gain")["estimate_low"].iloc[0] == pytest.approx(
        pick_all(value_rows(values[0].metrics, horizon_days=28), predictor="past spend", measure="ngini_gain")[
            "estimate_low"
        ].iloc[0]
    )


def test_a_target_that_an_origin_could_not_be_tested_on_has_no_mean():
    untested = replace(foreseen("2024-03-29", 2), comparisons={})
    assert mean_of_values([foreseen("2024-03-01", 1), untested], horizon_days=28).empty
