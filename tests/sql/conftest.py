"""Fixtures of the SQL tests: the whole warehouse, every table empty and with its true columns.

Cases, binding and point-in-time tests build on it; what a single kind of test needs stands beside that test.
"""

from collections.abc import Iterator
from datetime import date, datetime

import pytest

from assets.warehouse import Parameters, Warehouse, open_in_memory
from sql.queries import load_queries

ANY_PARAMETERS: Parameters = {
    "as_of": date(2024, 2, 1),
    "horizon_days": 28,
    "received_at": datetime(2024, 2, 1),  # noqa: DTZ001  the warehouse keeps UTC without zone
    "from_date": date(2024, 1, 1),
    "until_date": date(2024, 2, 1),
}


@pytest.fixture(scope="session")
def any_parameters() -> Parameters:
    """A value for every parameter that a SQL file may use."""
    return dict(ANY_PARAMETERS)


@pytest.fixture(scope="session")
def bound_warehouse() -> Iterator[Warehouse]:
    """A warehouse in memory with every SQL table built in flow order on nothing; views stand as empty tables."""
    with open_in_memory() as warehouse:
        for query in load_queries().values():
            warehouse.build(query, ANY_PARAMETERS)
        for query in load_queries().values():
            if query.kind == "view":
                warehouse.connection.execute(f"create temp table shape as from {query.table} limit 0")
                warehouse.connection.execute(f"drop view {query.table}")
                warehouse.connection.execute(f"create table {query.table} as from shape")
                warehouse.connection.execute("drop table shape")
        yield warehouse
