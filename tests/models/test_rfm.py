"""RFM: total, deterministic, monotone, the right way up."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from models.rfm import PERSONAS, persona_of, quintile_scores, rfm_personas


def customers(count: int = 500, seed: int = 7) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    orders = 1 + rng.poisson(rng.gamma(1.0, 3.0, count))
    return pd.DataFrame(
        {
            "user_id": [f"u{number:04d}" for number in range(count)],
            "recency_days": 1 + rng.integers(0, 300, count),
            "orders_count": orders,
            "net_amount_365d": orders * rng.gamma(4.0, 10.0, count),
        }
    )


def slow_quintile(values: list[float]) -> list[int]:
    """Twin: counts strictly smaller values one pair at a time."""
    if len(set(values)) == 1:
        return [3] * len(values)
    return [1 + (5 * sum(other < value for other in values)) // len(values) for value in values]


def test_every_combination_maps_to_a_declared_persona() -> None:
    found = {persona_of(*scores) for scores in product(range(1, 6), repeat=3)}
    assert found == {entry.persona for entry in PERSONAS}


def test_scores_outside_the_grid_are_refused() -> None:
    with pytest.raises(ValueError, match="frequency score 0 is outside"):
        persona_of(3, 0, 3)


@pytest.mark.parametrize("seed", range(5))
def test_quintiles_agree_with_the_slow_twin(seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 12, 83).astype(float)
    assert quintile_scores(pd.Series(values)).tolist() == slow_quintile(values.tolist())


def test_ties_share_a_score_and_many_one_time_buyers_stay_at_the_bottom() -> None:
    orders = pd.Series([1] * 9 + [2])
    # the 2 has 9 of 10 strictly below it: 1 + floor(5 * .9) = 5
    assert quintile_scores(orders).tolist() == [1] * 9 + [5]


def test_distinct_values_fall_in_equal_fifths() -> None:
    assert quintile_scores(pd.Series(range(100))).value_counts().to_dict() == dict.fromkeys(range(1, 6), 20)


def test_row_order_has_no_influence() -> None:
    frame = customers()
    shuffled = frame.sample(frac=1.0, random_state=1)
    left = rfm_personas(frame).set_index("user_id").sort_index()
    right = rfm_personas(shuffled).set_index("user_id").sort_index()
    pd.testing.assert_frame_equal(left, right)


def test_scores_are_monotone() -> None:
    frame = customers()
    scored = frame.merge(rfm_personas(frame), on="user_id", validate="1:1")
    assert scored.sort_values("recency_days")["recency_score"].is_monotonic_decreasing
    assert scored.sort_values("orders_count")["frequency_score"].is_monotonic_increasing
    assert scored.sort_values("net_amount_365d")["monetary_score"].is_monotonic_increasing


def test_champions_are_the_right_way_up() -> None:
    frame = customers()
    scored = frame.merge(rfm_personas(frame), on="user_id", validate="1:1")
    champions, lost = (scored[scored["persona"] == persona] for persona in ("champions", "lost"))
    assert champions["net_amount_365d"].mean() > 2 * lost["net_amount_365d"].mean()
    assert champions["orders_count"].mean() > 2 * lost["orders_count"].mean()
    assert champions["recency_days"].mean() < lost["recency_days"].mean() / 2


def test_reasons_read_like_sentences() -> None:
    frame = pd.DataFrame(
        {
            "user_id": ["a", "b", "c"],
            "recency_days": [3, 1, 9],
            "orders_count": [12, 1, 2],
            "net_amount_365d": [480.2, np.nan, -0.0],  # what refunds leave of an order may be a minus nought
        }
    )
    personas = rfm_personas(frame)
    assert personas["reason_en"].tolist() == [
        "bought 3 days ago, 12 orders, 480 spent in a year",
        "bought yesterday, 1 order, 0 spent in a year",
        "bought 9 days ago, 2 orders, 0 spent in a year",
    ]
    assert personas["reason_zh"].iloc[0] == "3 天前购买，共 12 单，一年内消费 480"
    assert personas.notna().all(axis=None)


def test_no_customers_gives_an_empty_table_with_all_columns() -> None:
    personas = rfm_personas(customers().head(0))
    assert len(personas) == 0
    assert list(personas.columns)[-2:] == ["reason_en", "reason_zh"]


def test_wrong_input_is_refused_with_counts() -> None:
    frame = customers(10)
    with pytest.raises(ValueError, match="missing: net_amount_365d"):
        rfm_personas(frame.drop(columns="net_amount_365d"))
    with pytest.raises(ValueError, match="10 of 20 rows repeat a user"):
        rfm_personas(pd.concat([frame, frame]))
    with pytest.raises(ValueError, match="1 of 10 users have no paid order"):
        rfm_personas(frame.assign(orders_count=[0] + [2] * 9))
    with pytest.raises(ValueError, match="1 of 10 values are missing"):
        quintile_scores(pd.Series([np.nan, *range(9)]))
