"""Fits keep to one thread each, and two of them run at a time."""

import threading

import pytest
from threadpoolctl import threadpool_info

from models.threads import fit_side_by_side, one_thread


def test_the_limit_holds_inside_and_ends_outside():
    before = [pool["num_threads"] for pool in threadpool_info()]
    with one_thread():
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}
    assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_every_fit_that_has_a_result_is_there_in_order():
    fits = {"second": lambda: 2, "none": lambda: None, "first": lambda: 1}
    assert list(fit_side_by_side(fits).items()) == [("second", 2), ("first", 1)]


def test_two_fits_run_at_a_time_on_one_thread_each():
    meeting = threading.Barrier(2, timeout=5)

    def meets() -> tuple[int, int]:
        return meeting.wait(), max(pool["num_threads"] for pool in threadpool_info())

    assert sorted(fit_side_by_side({"one": meets, "other": meets}).values()) == [(0, 1), (1, 1)]


def test_no_third_fit_joins_two():
    running, most = [], []

    def counts() -> int:
        running.append(1)
        most.append(len(running))
        running.pop()
        return 1

    fit_side_by_side(dict.fromkeys("abcdefgh", counts))
    assert max(most) <= 2


def test_an_error_of_any_fit_is_raised():
    def fails() -> int:
        raise ValueError("no rows")

    with pytest.raises(ValueError, match="no rows"):
        fit_side_by_side({"good": lambda: 1, "bad": fails})
