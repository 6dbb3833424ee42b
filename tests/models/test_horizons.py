"""Horizons and origins: from the shop's own rhythm, never with an open label window."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.horizons import choose_horizon, origins, training_date


def test_the_horizon_covers_three_quarters_of_the_intervals():
    weekly = choose_horizon(pd.Series(np.tile([5, 7, 9, 30], 100)), 400)
    assert (weekly.horizon_days, weekly.churn_window_days) == (28, 56)  # 75 %: 14.25 days; 90 %: 30
    slow = choose_horizon(pd.Series(np.tile([40, 60, 80, 100], 100)), 400)
    assert slow.horizon_days == 90  # 75 %: 85 days
    assert choose_horizon(pd.Series(np.tile([40, 60, 80, 100], 100)), 200).horizon_days == 56  # a third of the history


def test_few_intervals_mean_the_usual_horizon_and_say_so():
    choice = choose_horizon(pd.Series([3.0] * 99), 400)
    assert (choice.horizon_days, choice.reason) == (28, "only 99 purchase intervals: the usual 28 days")


@pytest.mark.parametrize("history_days", [84, 90, 120, 200, 400])
@pytest.mark.parametrize("horizon_days", [7, 28, 90])
def test_no_window_is_open_and_every_origin_has_a_horizon_of_history(history_days, horizon_days):
    first, trained_on = date(2024, 1, 1), date(2024, 1, 1) + timedelta(days=history_days)
    test, earlier = origins(first, trained_on, horizon_days)
    horizon = timedelta(days=horizon_days)
    assert test + horizon == trained_on
    assert all(origin + horizon <= test and origin - horizon >= first for origin in earlier)
    assert len(set(earlier)) == len(earlier) <= 10
    assert earlier == sorted(earlier, reverse=True)


def test_a_short_history_is_cut_finer():
    first = date(2000, 11, 1)  # Ta Feng: four months
    test, earlier = origins(first, date(2001, 2, 28), 28)
    assert test == date(2001, 1, 31)
    assert [str(origin) for origin in earlier[:2]] == ["2001-01-03", "2000-12-27"]
    assert len(earlier) == 6
    long = origins(date(2000, 1, 1), date(2001, 2, 28), 28)[1]
    assert (long[0] - long[1]).days == 14
    assert len(long) == 10


def test_training_dates_hang_on_an_anchor_both_ways():
    anchor = date(2024, 3, 10)
    assert training_date(date(2024, 3, 16), anchor, 7) == anchor
    assert training_date(date(2024, 3, 17), anchor, 7) == date(2024, 3, 17)
    assert training_date(date(2024, 3, 9), anchor, 7) == date(2024, 3, 3)
