"""Fixtures of the model tests: one numerical thread, since small fits on busy cores spend their time waiting."""

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True, scope="session")
def one_numerical_thread():
    with threadpool_limits(limits=1):
        yield
