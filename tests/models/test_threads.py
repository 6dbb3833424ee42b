"""Waiting threads sleep: the package sets the policy before OpenMP loads, and uses one thread where it could not."""

import subprocess
import sys
import threading

import pytest
from threadpoolctl import threadpool_info

from models.threads import ROWS_SIDE_BY_SIDE, boosting_threads, few_threads, fit_side_by_side

COUNT = "from models.threads import boosting_threads; print(boosting_threads(10**6), boosting_threads(100))"


@pytest.mark.parametrize("code, threads", [(COUNT, "2 1"), (f"import sklearn; {COUNT}", "1 1")])
def test_two_threads_only_where_the_policy_was_set_in_time(code, threads, monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == threads


def test_the_limit_holds_inside_and_ends_outside():
    before = [pool["num_threads"] for pool in threadpool_info()]
    with few_threads(10**6):
        allowed = {"openmp": boosting_threads(10**6), "blas": 1}
        assert all(pool["num_threads"] <= allowed[pool["user_api"]] for pool in threadpool_info())
    assert [pool["num_threads"] for pool in threadpool_info()] == before


@pytest.mark.parametrize("rows", [10, ROWS_SIDE_BY_SIDE + 1])
def test_every_fit_that_has_a_result_is_there_in_order(rows):
    fits = {"second": lambda: 2, "none": lambda: None, "first": lambda: 1}
    assert list(fit_side_by_side(fits, rows=rows).items()) == [("second", 2), ("first", 1)]


def test_few_rows_are_fitted_two_at_a_time_and_many_one_by_one():
    meeting = threading.Barrier(2, timeout=5)

    def meets() -> int:
        return meeting.wait()

    assert sorted(fit_side_by_side({"one": meets, "other": meets}, rows=10).values()) == [0, 1]
    running, most = [], []

    def counts() -> int:
        running.append(1)
        most.append(len(running))
        running.pop()
        return 1

    fit_side_by_side(dict.fromkeys("abcd", counts), rows=ROWS_SIDE_BY_SIDE + 1)
    assert max(most) == 1


def test_an_error_of_any_fit_is_raised():
    def fails() -> int:
        raise ValueError("no rows")

    with pytest.raises(ValueError, match="no rows"):
        fit_side_by_side({"good": lambda: 1, "bad": fails}, rows=10)
