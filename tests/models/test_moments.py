"""Sorted events: by user, time and kind whatever the order they come in, in one list or, where numbers get large, in several."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import moments
from models.moments import GAP_US, day_number, sorted_moments

ROWS = st.lists(st.tuples(st.integers(5, 40), st.integers(0, 6), st.integers(1, 3), st.integers(0, 9)), max_size=30)


def lists_of(rows):
    user, at, kind, day = (np.array([row[n] for row in rows], dtype=np.int64) for n in range(4))
    return sorted_moments(user, at, kind=kind, day=day, kinds=["a", "b", "c"])


def told(parts):
    return [
        row
        for part in parts
        for row in zip(part.user_keys(part.key), part.times_us(part.key), part.kind, part.day, strict=True)
    ]


@given(rows=ROWS)
def test_events_stand_by_user_time_and_kind(rows):
    found = told(lists_of(rows))
    assert [row[:3] for row in found] == sorted(row[:3] for row in rows)
    assert sorted(found) == sorted(rows)


@pytest.mark.parametrize("users_in_a_list", [2, 16])
@given(rows=ROWS)
def test_large_numbers_are_split_by_users(users_in_a_list, rows):
    bits = (
        max((row[1] for row in rows), default=0) - min((row[1] for row in rows), default=0) + GAP_US + 1
    ).bit_length()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moments, "KEY_BITS", bits + users_in_a_list.bit_length() - 1)
        parts = lists_of(rows)
    found = told(parts)
    assert [row[:3] for row in found] == sorted(row[:3] for row in rows)
    assert all(np.ptp(part.user_keys(part.key)) < users_in_a_list for part in parts)


def test_no_session_goes_on_in_another_user():
    # the last moment of one user and the first of the next: the keys differ by more than a gap
    (part,) = lists_of([(5, 10**12, 1, 0), (6, 0, 1, 0)])
    assert np.diff(part.key)[0] > GAP_US


def test_days_and_types():
    assert day_number(date(1970, 1, 2)) == 1
    (part,) = lists_of([(5, 0, 1, 4), (5, 1, 3, 7)])
    assert part.of_types(["c", "z"]).tolist() == [False, True]
    assert part.of_types([]).tolist() == [False, False]
    assert (part.first_day, part.last_day) == (4, 7)
