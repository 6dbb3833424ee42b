"""Ranges of business dates: pieces cover the range once, in order, and none is empty."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from assets.date_ranges import cut_range, merge_dates


@given(st.integers(1, 800), st.integers(0, 900))
def test_pieces_cover_the_range_once_and_are_nearly_equal(days, pieces):
    first = date(2023, 12, 30)
    found = cut_range((first, first + timedelta(days=days)), pieces=pieces)
    lengths = [(until - start).days for start, until in found]
    assert found[0][0] == first
    assert found[-1][1] == first + timedelta(days=days)
    assert all(one[1] == other[0] for one, other in pairwise(found))
    assert len(found) == max(1, min(pieces, days))
    assert min(lengths) >= 1
    assert max(lengths) - min(lengths) <= 1


def test_touched_dates_that_meet_become_one_range():
    days = [date(2024, 1, 5), date(2024, 1, 6), date(2024, 1, 9)]
    assert merge_dates(days) == [(date(2024, 1, 5), date(2024, 1, 7)), (date(2024, 1, 9), date(2024, 1, 10))]
    assert merge_dates(days, widen_days=1) == [(date(2024, 1, 4), date(2024, 1, 11))]
