"""Next order: interval and median hold on a later window of a planted rhythm, closed form against simulation, thin data."""

import numpy as np
import pandas as pd
import pytest

from models.btyd import MBGNBD
from models.likelihood import FitFailedError
from models.next_order import NextOrderModel, judge_next_order, waiting_days


def rhythm(customers: int, seed: int, *, origin: int = 200, horizon: int = 60) -> pd.DataFrame:
    """Simulated customers with an own, regular gap (gamma, shape 9): rhythm known at the origin, next order in the horizon."""
    rng = np.random.default_rng(seed)
    rows = []
    for gap in rng.gamma(4.0, 4.0, customers) + 2:
        days = np.unique(np.cumsum(rng.gamma(9.0, gap / 9.0, 200)).astype(int))
        before, after = days[days < origin], days[(days >= origin) & (days < origin + horizon)]
        if not len(before):
            continue
        gaps = np.diff(before)
        rows.append({
            "repeat_days": len(gaps), "recency_days": origin - before[-1], "tenure_days": origin - before[0],
            "first_to_last_days": before[-1] - before[0], "gap_mean_days": gaps.mean() if len(gaps) else np.nan,
            "gap_std_days": gaps.std(ddof=1) if len(gaps) > 1 else np.nan,
            "gap_median_days": np.median(gaps) if len(gaps) else np.nan, "gap_last_days": gaps[-1] if len(gaps) else np.nan,
            "next_days": after[0] - origin if len(after) else np.nan,
        })  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def learnt():
    return NextOrderModel.fit(rhythm(700, 1), 60)


def test_interval_covers_and_beats_memoryless_waiting_on_a_rhythm(learnt):
    found = judge_next_order(learnt, rhythm(700, 2))
    # three standard errors of a share of some 700
    assert found["trellis"]["coverage"] == pytest.approx(0.8, abs=0.05)
    memoryless = found["MBG/NBD waiting time"]
    assert found["trellis"]["pinball_loss"] < 0.8 * memoryless["pinball_loss"]
    assert found["trellis"]["median_error_days"] < memoryless["median_error_days"]
    assert found["trellis"]["median_error_days"] < found["own mean gap"]["median_error_days"]


def test_days_are_in_order_and_inside_the_horizon(learnt):
    days = learnt.days(rhythm(300, 3))
    assert (np.diff(days, axis=1) >= 0).all()
    assert days.min() >= 0
    assert days.max() <= 59
    probability = learnt.order_probability(rhythm(300, 3))
    assert ((probability > 0) & (probability < 1)).all()


def test_waiting_days_are_quantiles_of_a_lomax_cut_at_the_horizon():
    counts = MBGNBD(1.2, 15.0, 0.8, 3.0)
    history = pd.DataFrame({"repeat_days": [4.0], "first_to_last_days": [50.0], "tenure_days": [90.0]})
    rng = np.random.default_rng(7)
    waits = rng.exponential(1 / rng.gamma(1.2 + 4, 1 / (15.0 + 90.0), 200_000))
    inside = waits[waits < 40]
    assert waiting_days(counts, history, 40)[0] == pytest.approx(np.quantile(inside, [0.1, 0.5, 0.9]), rel=0.03)


def test_few_orders_leave_it_to_the_closed_form_and_none_to_nobody():
    few = rhythm(150, 4)
    model = NextOrderModel.fit(few, 60)
    assert model.name == "MBG/NBD waiting time"
    assert "MBG/NBD waiting time" not in judge_next_order(model, few)
    assert np.isfinite(model.days(few)).all()
    nobody = NextOrderModel.fit(few.head(5), 60)
    assert nobody.name is None
    assert np.isnan(nobody.order_probability(few)).all()
    with pytest.raises(FitFailedError, match="too few customers"):
        nobody.days(few)
