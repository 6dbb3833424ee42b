"""A small shop in memory: bronze rows given by a test, core and the reports asked for built from them."""

import re
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from assets.analytics import Shop
from assets.warehouse import open_in_memory
from sql.queries import load_queries

ROOT = Path(__file__).parents[3]
START = datetime.fromisoformat("2024-03-04T00:00:00")  # a Monday
VISITOR = 9


@contextmanager
def opened(*rows, **more):
    """A shop made of rows, closed afterwards."""
    with open_in_memory() as warehouse:
        yield fill(warehouse, *rows, **more)


@pytest.fixture
def fresh_shop():
    """Open a shop of its own for every example of a property."""
    return opened


@pytest.fixture
def make_shop():
    """Make a shop of events (user key, minutes after START, type, product key) and paid orders (user key, minutes)."""
    with ExitStack() as stack:
        yield lambda *rows, **more: stack.enter_context(opened(*rows, **more))


def fill(warehouse, events=(), orders=(), *, regions=None, channels=None, costs=(), reports=()):
    """The shop of these rows, with core and the reports asked for built."""
    run = warehouse.connection.execute
    users = sorted({row[0] for row in (*events, *orders)} | set(regions or {}))
    for key in users:
        run("insert into bronze.user_keys values (?, ?, ?)", [f"u{key}", key, key == VISITOR])
        run(
            "insert into bronze.users (user_id, region, acquisition_channel, registered_at, row_hash) "
            "values (?, ?, ?, ?, '')",
            [f"u{key}", (regions or {}).get(key), (channels or {}).get(key), START],
        )
    for number in range(1, 6):
        run("insert into bronze.product_keys values (?, ?)", [f"p{number}", number])
    for user, minutes, kind, product, *rest in events:
        at = START + timedelta(minutes=minutes)
        run(
            "insert into bronze.events (user_key, occurred_at, activity_date, event_type, product_key, channel) "
            "values (?, ?, ?, ?, ?, ?)",
            [user, at, at.date(), kind, product, rest[0] if rest else None],
        )
    for number, (user, minutes) in enumerate(orders):
        at = START + timedelta(minutes=minutes)
        order = f"o{number}"
        run(
            "insert into bronze.orders (order_id, user_id, ordered_at, ordered_date, kind, status, row_hash) "
            "values (?, ?, ?, ?, 'sale', 'paid', '')",
            [order, f"u{user}", at, at.date()],
        )
        run(
            "insert into bronze.order_items (order_id, line_number, line_amount, product_id, row_hash) "
            "values (?, 1, ?, ?, '')",
            [order, 10 * (number + 1), f"p{1 + number % 5}"],
        )
    for day, channel, amount in costs:
        run(
            "insert into bronze.marketing_costs (cost_date, channel, campaign_id, amount, currency, row_hash) "
            "values (?, ?, 'none', ?, 'CNY', '')",
            [day, channel, amount],
        )
    span = {"from_date": date(2024, 1, 1), "until_date": date(2025, 1, 1)}
    for query in tables_for(tuple(reports)):
        warehouse.build(query, span if query.kind == "incremental" else {})
    return Shop(warehouse)


@cache
def tables_for(reports):
    """The core tables that questions name in Python or SQL, the reports asked for, and what these are made of, in order."""
    texts = [
        path.read_text() for folder in ("assets/analytics", "sql/analysis") for path in (ROOT / folder).glob("*.*")
    ]
    wanted = {f"report.{name}" for name in reports} | set(re.findall(r"\bcore\.\w+", "\n".join(texts)))
    for query in reversed(load_queries().values()):
        if query.table in wanted:
            wanted |= {name for name in query.inputs if name.startswith("core.")}
    return [query for query in load_queries().values() if query.table in wanted]
