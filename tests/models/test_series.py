"""Expected ranges: planted season and trend are found, planted shocks are flagged, calm series are left alone."""

import numpy as np
import pytest

from models.series import expect

DAYS = np.arange(140)
SEASON = np.tile([0.0, 0, 0, 0, 20, 40, 30], 20)


def shop(seed, noise=5.0):
    return 200 + 0.5 * DAYS + SEASON + np.random.default_rng(seed).normal(0, noise, len(DAYS))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_shocks_are_flagged_and_little_else(seed):
    values = shop(seed)
    values[[60, 100]] += [70, -70]
    days = expect(values).days
    flagged = set(np.flatnonzero(days["is_anomaly"]))
    assert {60, 100} <= flagged
    assert len(flagged) <= 10


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_days_to_come_follow_trend_and_season(seed):
    found = expect(shop(seed)[:112], days_ahead=28)
    ahead, truth = found.days.iloc[112:], 200 + 0.5 * DAYS[112:] + SEASON[112:]
    errors = np.abs(ahead["expected"] - truth)
    naive = np.abs(shop(seed)[105:112].mean() - truth)
    assert errors.mean() < naive.mean()
    assert ((ahead["expected_low"] <= truth) & (truth <= ahead["expected_high"])).mean() > 0.9
    assert found.range_share > 0.9
    widths = (ahead["expected_high"] - ahead["expected_low"]).to_numpy()
    assert widths[-1] >= widths[0] > 0


@pytest.mark.slow
def test_stl_tells_trend_from_season():
    days = expect(shop(1, noise=1.0)).days.iloc[:140]
    assert days["trend"].iloc[120] - days["trend"].iloc[20] == pytest.approx(50, abs=3)
    assert days.groupby(DAYS % 7)["season"].mean().idxmax() == 5


def test_a_flat_series_is_expected_to_stay():
    days = expect(np.full(40, 3.0), days_ahead=2).days
    assert not days["is_anomaly"].any()
    assert days["expected"].tolist() == [3.0] * 42


def test_few_days_are_refused():
    with pytest.raises(ValueError, match="27 days; a weekly season needs at least 28"):
        expect(np.ones(27))
