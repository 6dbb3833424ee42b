"""Features and outcomes of the random shop, once by SQL and once row by row in Python from the same contract rows.

The twin knows nothing of core tables or SQL; it reads definitions off the dictionary. One user, one as_of at a time.
"""

import math
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import mean, median, stdev

import pytest

from sql.queries import load_queries
from tests.sql.point_in_time import open_shop
from tests.sql.random_shop import BUSY_DAYS, Row, random_shop

SHOP = random_shop(11)
HORIZON = 28
PAID = {"paid", "shipped", "delivered", "completed", "returned"}


def newest(rows: list[Row], *key: str) -> list[Row]:
    best: dict[tuple, Row] = {}
    for row in rows:
        name = tuple(row[part] for part in key)
        rank = (row["updated_at"] is not None, row["updated_at"] or 0, row["row_hash"])
        held = best.get(name)
        if held is None or rank > (held["updated_at"] is not None, held["updated_at"] or 0, held["row_hash"]):
            best[name] = row
    return list(best.values())


ORDERS = {row["order_id"]: row for row in newest(SHOP["orders"], "order_id")}
ITEMS = defaultdict(list)
for item in newest(SHOP["order_items"], "order_id", "line_number"):
    ITEMS[item["order_id"]].append(item)


def share(part: Decimal | int, whole: Decimal | int) -> float | None:
    return float(part) / float(whole) if whole else None


def counts_at(order: Row, as_of: date) -> bool:
    """Placed before as_of and not known to be cancelled then."""
    return order["ordered_date"] < as_of and (order["cancelled_date"] is None or order["cancelled_date"] >= as_of)


def activity_of(orders: list[Row], as_of: date) -> dict | None:
    ages = sorted((as_of - order["ordered_date"]).days for order in orders)
    if not ages:
        return None
    days = sorted({order["ordered_date"] for order in orders})
    gaps = [(after - before).days for before, after in pairwise(days)]
    within = {window: sum(age <= window for age in ages) for window in (7, 28, 56, 90, 182, 365)}
    return {
        "recency_days": ages[0],
        "tenure_days": ages[-1],
        "first_to_last_days": ages[-1] - ages[0],
        "repeat_days": len(days) - 1,
        "orders_count": len(ages),
        **{f"orders_{window}d": within[window] for window in (7, 28, 90, 182, 365)},
        "trend_orders": within[28] - (within[56] - within[28]),
        "active_weeks_12w": len({(age - 1) // 7 for age in ages if age <= 84}),
        **{f"decayed_orders_{half}d": sum(0.5 ** (age / half) for age in ages) for half in (14, 28, 90)},
        "coupon_order_share": share(sum(order["coupon_id"] is not None for order in orders), len(orders)),
        "gap_mean_days": mean(gaps) if gaps else None,
        "gap_median_days": median(gaps) if gaps else None,
        "gap_std_days": stdev(gaps) if len(gaps) > 1 else None,
        "gap_last_days": gaps[-1] if gaps else None,
        "gap_ratio": ages[0] / mean(gaps) if gaps else None,
    }


def is_return(item: Row) -> bool:
    if item["line_amount"] != 0:
        return item["line_amount"] < 0
    return (item["quantity"] or 0) < 0 or ORDERS[item["order_id"]]["kind"] == "return"


def spend_of(user: str, as_of: date) -> dict | None:
    movements: list[tuple[int, Decimal]] = []
    totals: dict[str, Decimal] = defaultdict(Decimal)
    sales, products, by_day = set(), set(), defaultdict(Decimal)
    lines = 0
    for order in ORDERS.values():
        for item in ITEMS[order["order_id"]] if order["user_id"] == user else ():
            cancelled = order["cancelled_date"] is not None and order["cancelled_date"] < as_of
            discount = item["discount"] or Decimal(0)
            worth = item["line_amount"] - discount
            if not cancelled and order["ordered_date"] < as_of:
                movements.append(((as_of - order["ordered_date"]).days, worth))
                if is_return(item):
                    totals["returned"] -= worth
                else:
                    lines += 1
                    sales.add(order["order_id"])
                    products |= {item["product_id"]} - {None}
                    totals["gross"] += item["line_amount"]
                    totals["discount"] += discount
                    totals["paid"] += worth
                    by_day[order["ordered_date"]] += worth
            if (
                not cancelled
                and item["refunded_date"] is not None
                and item["refunded_date"] < as_of
                and item["refunded_amount"]
            ):
                movements.append(((as_of - item["refunded_date"]).days, -item["refunded_amount"]))
                totals["returned"] += item["refunded_amount"]
    if not movements:
        return None
    spent_days = [amount for day, amount in sorted(by_day.items()) if amount > 0][1:]
    return {
        **{f"net_amount_{n}d": float(sum(a for age, a in movements if age <= n)) for n in (7, 28, 90, 182, 365)},
        "net_amount_total": float(sum(amount for _, amount in movements)),
        "average_order_amount": share(totals["paid"], len(sales)),
        "monetary_mean_amount": share(sum(spent_days), len(spent_days)) if spent_days else None,
        "items_per_order": share(lines, len(sales)),
        "distinct_products_count": len(products),
        "discount_share": share(totals["discount"], totals["gross"]),
        "return_share": share(totals["returned"], totals["paid"]),
    }


def outcome_of(user: str, as_of: date) -> dict:
    end = as_of + timedelta(days=HORIZON)
    after = [
        o for o in ORDERS.values() if o["user_id"] == user and o["kind"] == "sale" and as_of <= o["ordered_date"] < end
    ]
    bought = [order for order in after if order["status"] in PAID]
    active = any(
        e["user_id"] == user and as_of <= e["activity_date"] < end and e["event_type"] != "push_open"
        for e in SHOP["events"]
    )
    amount = Decimal(0)
    for order in ORDERS.values():
        for item in ITEMS[order["order_id"]] if order["user_id"] == user and order["status"] in PAID else ():
            if as_of <= order["ordered_date"] < end:
                amount += item["line_amount"] - (item["discount"] or 0)
            if item["refunded_date"] is not None and as_of <= item["refunded_date"] < end:
                amount -= item["refunded_amount"] or 0
    return {
        "has_purchased": bool(bought),
        "has_churned": not after and not active,
        "future_orders_count": len(bought),
        "future_net_amount": float(amount),
    }


@pytest.fixture(scope="module")
def warehouse():
    with open_shop(SHOP, seed=5) as opened:
        for query in load_queries().values():
            for as_of in BUSY_DAYS if query.layer in ("feature", "label") else ():
                opened.build(query, {"as_of": as_of, "horizon_days": HORIZON})
        yield opened


def snapshot(warehouse, table: str, as_of: date) -> dict[str, dict]:
    cursor = warehouse.connection.execute(f"select * from {table} where as_of = $as_of", {"as_of": as_of})
    names = [column[0] for column in cursor.description]
    return {row["user_id"]: row for row in (dict(zip(names, values, strict=True)) for values in cursor.fetchall())}


def assert_same(expected: dict[str, dict], found: dict[str, dict]) -> None:
    assert sorted(expected) == sorted(found)
    assert len(expected) > 10
    for user, row in expected.items():
        have = {name: math.nan if found[user][name] is None else found[user][name] for name in row}
        want = {name: math.nan if value is None else value for name, value in row.items()}
        assert have == pytest.approx(want, rel=1e-9, abs=1e-6, nan_ok=True), user


@pytest.mark.parametrize("as_of", BUSY_DAYS, ids=str)
def test_order_activity(warehouse, as_of):
    users = {order["user_id"] for order in ORDERS.values()} - {None}
    standing = {
        user: [o for o in ORDERS.values() if o["user_id"] == user and o["kind"] == "sale" and counts_at(o, as_of)]
        for user in users
    }
    expected = {user: row for user, orders in standing.items() if (row := activity_of(orders, as_of))}
    assert_same(expected, snapshot(warehouse, "feature.order_activity", as_of))


@pytest.mark.parametrize("as_of", BUSY_DAYS, ids=str)
def test_spend(warehouse, as_of):
    users = {order["user_id"] for order in ORDERS.values()} - {None}
    expected = {user: row for user in users if (row := spend_of(user, as_of))}
    assert_same(expected, snapshot(warehouse, "feature.spend", as_of))


@pytest.mark.parametrize("as_of", BUSY_DAYS, ids=str)
def test_outcomes(warehouse, as_of):
    known = {o["user_id"] for o in ORDERS.values() if o["kind"] == "sale" and o["ordered_date"] < as_of}
    known |= {event["user_id"] for event in SHOP["events"] if event["activity_date"] < as_of}
    expected = {user: outcome_of(user, as_of) for user in known - {None}}
    assert_same(expected, snapshot(warehouse, "label.user_outcomes", as_of))
