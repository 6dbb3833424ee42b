"""Waiting threads sleep: the package sets the policy before OpenMP loads, and uses one thread where it could not."""

import subprocess
import sys

import pytest
from threadpoolctl import threadpool_info

from models.threads import boosting_threads, few_threads

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
