from datetime import date

import pytest

from service.formats import change, day, decimal, money, month, percent, score, whole


@pytest.mark.parametrize(
    "text,expected",
    [
        (whole(1_234_567), "1,234,567"),
        (whole(None), "–"),
        (whole(-0.4), "0"),
        (decimal(4.25), "4.2"),
        (decimal(-1_234.56), "−1,234.6"),
        (money(748_957.02, "GBP"), "GBP\u00a0748,957"),
        (money(999.994, "GBP"), "GBP\u00a0999.99"),
        (money(999.999, "GBP"), "GBP\u00a01,000"),
        (money(-36.0933, "CNY"), "CNY\u00a0−36.09"),
        (money(-0.001, "CNY"), "CNY\u00a00.00"),
        (money(None, "CNY"), "–"),
        (percent(0.0703), "7\u00a0%"),
        (percent(0.0703, 1), "7.0\u00a0%"),
        (percent(-0.341), "−34\u00a0%"),
        (score(0.74006), "0.740"),
        (change(110, 100), "+10.0\u00a0%"),
        (change(96.3, 100), "−3.7\u00a0%"),
        (change(100, 100), "no change"),
        (change(5, 0), None),
        (change(5, -3), None),
        (day(date(2011, 12, 9)), "9 December 2011"),
        (day(None), "–"),
        (month(date(2011, 11, 1)), "November 2011"),
    ],
)
def test_values_read_as_people_write_them(text, expected) -> None:
    assert text == expected
