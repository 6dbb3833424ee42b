"""Calendar effects: planted weekdays, month ends and sale days come back, noise brings none, and intervals hold the truth."""

from datetime import date, timedelta

import numpy as np
import pytest

from models.calendar_effects import calendar_effects

DAYS = [date(2023, 1, 2) + timedelta(days=n) for n in range(700)]
WEEKDAYS = np.array([0.9, 0.9, 0.9, 0.9, 1.0, 1.3, 1.1])


def planted(seed, *, last=1.0, sale=1.0, noise=0.05):
    random = np.random.default_rng(seed)
    values = np.array([100.0 * (1 + n / 700) * WEEKDAYS[day.weekday()] for n, day in enumerate(DAYS)])
    values *= [last if (day + timedelta(days=5)).day <= 5 else 1.0 for day in DAYS]
    values *= [sale if (day.month, day.day) == (11, 11) else 1.0 for day in DAYS]
    return values * random.normal(1, noise, len(DAYS))


def index_of(table, effect, level):
    return table[(table["effect"] == effect) & (table["level"] == level)].iloc[0]


@pytest.mark.parametrize("seed", [1, 2])
def test_planted_effects_come_back(seed):
    table = calendar_effects(DAYS, planted(seed, last=1.2, sale=3.0)).effects
    assert table[table["effect"] == "weekday"]["index"].tolist() == pytest.approx(WEEKDAYS.tolist(), abs=0.03)
    first, last = (index_of(table, "month_part", level)["index"] for level in ("1 first 5 days", "3 last 5 days"))
    assert last / first == pytest.approx(1.2, abs=0.04)
    sale = index_of(table, "sale_day", "11-11")
    assert (sale["days_count"], sale["index"]) == (2, pytest.approx(3, abs=0.3))


def test_no_effect_is_an_index_of_one_inside_its_interval():
    table = calendar_effects(DAYS, planted(3)).effects
    rest = table[table["effect"] == "month_part"]
    assert ((rest["index_low"] <= 1.01) & (rest["index_high"] >= 0.99)).all()
    assert (rest["index_high"] - rest["index_low"]).between(0.001, 0.05).all()


def test_a_sale_day_raises_no_other_index():
    calm, loud = (calendar_effects(DAYS, planted(4, sale=sale)).effects for sale in (1.0, 9.0))
    calm, loud = (table[table["effect"] == "weekday"]["index"] for table in (calm, loud))
    assert loud.tolist() == pytest.approx(calm.tolist(), abs=0.03)


def test_one_day_has_no_interval_and_zeros_no_index():
    table = calendar_effects(DAYS[:350], planted(5)[:350]).effects
    assert index_of(table, "sale_day", "11-11").isna()[["index_low", "index_high"]].all()
    assert calendar_effects(DAYS[:60], np.zeros(60)).effects.empty


def test_few_days_are_refused():
    with pytest.raises(ValueError, match="55 days; effects of the calendar need at least 56"):
        calendar_effects(DAYS[:55], np.ones(55))
