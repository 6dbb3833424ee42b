"""Which origins a backtest judges: closed windows only, something to train on, else a word that says what to do."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from assets.backtest import BacktestConfig, BacktestError, BacktestPlan
from assets.backtest import test_origins as origins_of
from models.horizons import origins


@dataclass(frozen=True)
class Known:
    """Stands for a warehouse: the dates of its first order and of its newest row."""

    first: date | None = date(2024, 1, 1)
    newest: date | None = date(2024, 6, 30)

    def oldest_order_date(self):
        return self.first

    def newest_business_date(self):
        return self.newest


def test_the_last_four_closed_origins_by_default_with_the_origins_of_a_run():
    found = origins_of(Known(), BacktestPlan(), 28)
    latest = date(2024, 6, 30) + timedelta(days=1) - timedelta(days=28)
    assert list(found) == [latest - timedelta(days=28 * back) for back in (3, 2, 1, 0)]
    assert found[latest] == origins(date(2024, 1, 1), date(2024, 7, 1), 28)[1]
    assert all(day + timedelta(days=28) <= origin for origin, earlier in found.items() for day in earlier)


def test_a_young_shop_is_judged_where_it_can_be():
    found = origins_of(Known(first=date(2024, 3, 20)), BacktestPlan(), 28)
    assert list(found) == [date(2024, 6, 3)]  # on 6 May no earlier window had closed with a month of history before it
    assert found[date(2024, 6, 3)]


@pytest.mark.parametrize(
    "known,plan,said",
    [
        (Known(first=None), BacktestPlan(), "no order in this home"),
        (
            Known(),
            BacktestPlan(until=date(2024, 6, 4)),
            "its window of 28 days is still open.*latest origin.*2024-06-03",
        ),
        (Known(), BacktestPlan(first=date(2024, 6, 1), until=date(2024, 5, 1)), "lies after the last"),
        (
            Known(),
            BacktestPlan(first=date(2024, 1, 20), until=date(2024, 4, 1)),
            "no earlier origin to train on for 2024-01-20",
        ),
        (Known(first=date(2024, 6, 1)), BacktestPlan(), "no earlier origin to train on"),
    ],
)
def test_what_cannot_be_judged_is_said(known, plan, said):
    with pytest.raises(BacktestError, match=said):
        origins_of(known, plan, 28)


def test_the_jobs_configuration_becomes_a_plan():
    plan = BacktestConfig(first="2024-03-01", every_days=14).plan((28, 90))
    assert plan == BacktestPlan(date(2024, 3, 1), None, 14, (28, 90))
    assert BacktestConfig(horizons_days=[7]).plan((28,)).horizons_days == (7,)
