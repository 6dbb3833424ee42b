"""Makes rows for every source contract at random: a small shop in which everything that can happen late does.

Orders are cancelled, delivered and refunded days after they were placed, feedback is answered later, users move, rows
come in several versions and events run over midnight. Columns of contracts that this module has never heard of are
filled by their type, so a new contract is covered when it is declared. How rows get into a warehouse stands in
`point_in_time.py`.
"""

import hashlib
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from contracts.columns import COLUMNS
from contracts.contract import SourceContract
from contracts.sources import FEEDBACK_KINDS, ORDER_STATUSES, SOURCES

Row = dict[str, Any]
Shop = dict[str, list[Row]]

FIRST_DAY = date(2023, 9, 1)
DAYS = 200
UTC_OFFSET = timedelta(hours=8)  # the business day begins at 16:00 UTC of the day before, as in Asia/Shanghai
USERS = tuple(f"u{number}" for number in range(50))
BUSY_DAYS = tuple(FIRST_DAY + timedelta(days=days) for days in (60, 120, DAYS - 10))
"""Days on which much happens, so that a look-ahead of a single day is seen."""
VISITORS = tuple(f"cookie-{number}" for number in range(8))
PRODUCTS = tuple(f"p{number}" for number in range(15))
ROWS = {
    "users": 60,
    "products": 12,
    "orders": 420,
    "feedback": 160,
    "events": 1600,
    "exchange_rates": 0,
    "campaigns": 12,
    "coupons": 30,
}
KINDS: dict[str, tuple[str, ...]] = {
    "orders": ("sale",) * 9 + ("return",),
    "feedback": FEEDBACK_KINDS,
    "campaigns": ("personal", "general"),
    "promotions": ("price_cut", "mailer"),
}
WORDS: dict[str, tuple[Any, ...]] = {
    "status": ORDER_STATUSES,
    "currency": ("CNY",),
    "event_type": (
        "view",
        "view",
        "view",
        "search",
        "cart",
        "favourite",
        "share",
        "invite",
        "like",
        "follow",
        "push_open",
        "purchase",
    ),
    "category": ("toys", "games", "books"),
    "region": ("Lyon", "Paris", "Lille"),
    "properties": ("{}",),
    "attributes": ('{"plan": "a"}', '{"plan": "b"}'),
    "score": (1.0, 2.0, 3.0, 4.0, 5.0),
    "anonymous_id": VISITORS,
    "product_id": PRODUCTS,
    "coupon_id": ("spring", None, None, "summer", None, None),
    "campaign_id": tuple(f"c{number}" for number in range(12)),
}


def business_date(moment: datetime) -> date:
    """Return the shop's calendar day of a UTC time."""
    return (moment + UTC_OFFSET).date()


def words(contract: SourceContract, name: str) -> tuple[Any, ...]:
    """Return the values a column may take."""
    if name == "kind":
        return KINDS[contract.name]
    if name in WORDS:
        return tuple(word for word in WORDS[name] if word is not None or name not in contract.required)
    return {
        "VARCHAR": (f"{name} one", f"{name} two", f"{name} three", None),
        "BOOLEAN": (True, False),
        "INTEGER": (1, 2, 3),
        "BIGINT": (1, 2, 3),
        "DOUBLE": (1.0, 2.5, 4.0),
        "DECIMAL(18,4)": (Decimal("1.5"), Decimal(20), Decimal("33.33")),
        "DATE": (date(1980, 1, 1), date(1990, 5, 5)),
    }.get(COLUMNS[name].type, (None,))


def finished(contract: SourceContract, row: Row) -> Row:
    """Return the row with its business dates and its content hash, as ingest would write them."""
    full: Row = {name: row.get(name) for name in contract.columns}
    for moment, day in contract.dates:
        full[day] = business_date(full[moment]) if full[moment] is not None else None
    text = "\x1f".join(str(full[name]) for name in contract.columns)
    return full | {"row_hash": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}


def _moment(random: Random) -> datetime:
    if random.random() < 0.15:
        return _within(random.choice(BUSY_DAYS), random)
    return datetime.combine(FIRST_DAY, datetime.min.time()) + timedelta(minutes=random.randrange(DAYS * 24 * 60))


def _within(day: date, random: Random) -> datetime:
    """Return a UTC time on the business day."""
    return datetime.combine(day, datetime.min.time()) - UTC_OFFSET + timedelta(minutes=random.randrange(24 * 60))


def _later(start: datetime, random: Random, *, days: int) -> datetime:
    """Return a time after the start, within so many days or on the next busy day."""
    ahead = [day for day in BUSY_DAYS if day > business_date(start)]
    if ahead and random.random() < 0.2:
        return _within(ahead[0], random)
    return start + timedelta(minutes=random.randrange(days * 24 * 60))


def _user(moment: datetime, random: Random) -> str:
    """Return a user who may have come by then: ten are there from the first day, then one more every five days."""
    return random.choice(USERS[: 10 + max(0, (business_date(moment) - FIRST_DAY).days) // 5])


def _plain_row(contract: SourceContract, random: Random, number: int) -> Row:
    """Return a row with its event time, its own id, and everything else by pool or type; what comes later comes later."""
    known_at = {name: COLUMNS[name].known_at for name in contract.columns}
    moments = dict(contract.dates)
    start = _moment(random)
    row: Row = {}
    for name in contract.columns:
        if name == contract.event_time:
            row[name] = business_date(start) if COLUMNS[name].type == "DATE" else start
        elif name == "last_date":
            row[name] = business_date(_later(start, random, days=40))
        elif name == "updated_at":
            row[name] = None
        elif name in contract.key and name not in ("user_id", *WORDS) and COLUMNS[name].type == "VARCHAR":
            row[name] = f"{contract.name}-{number}"
        elif COLUMNS[name].type == "TIMESTAMP":
            row[name] = _later(start, random, days=40) if random.random() < 0.6 else None
        elif name in ("user_id", "target_user_id", "invited_by"):
            row[name] = _user(start, random)
        else:
            row[name] = random.choice(words(contract, name))
    for name, day in known_at.items():
        moment = next((source for source, derived in moments.items() if derived == day), None)
        if day and moment != name and moment is not None and row.get(moment) is None:
            row[name] = None
    return row


def _versions(contract: SourceContract, row: Row, random: Random) -> list[Row]:
    """Return the row as one undated version, or as an early one, unfinished, and a late one."""
    if not contract.is_versioned or random.random() < 0.4:
        return [row]
    born = row.get(contract.event_time or "") or _moment(random)
    if not isinstance(born, datetime):
        born = _within(born, random)
    early = {name: None if COLUMNS[name].known_at else value for name, value in row.items()}
    early |= {name: random.choice(words(contract, name)) for name in row if COLUMNS[name].changes}
    later = _later(born, random, days=60) + timedelta(minutes=1)
    return [early | {"updated_at": born}, row | {"updated_at": later}]


def _items(orders: list[Row], random: Random) -> list[Row]:
    rows = []
    for order in {order["order_id"]: order for order in orders}.values():
        sign = -1 if order["kind"] == "return" else 1
        for line in range(1, random.randrange(1, 4) + 1):
            amount = Decimal(random.randrange(0, 20000)) / 100
            refund = random.random() < 0.25 and sign == 1
            rows.append({
                "order_id": order["order_id"],
                "line_number": line,
                "line_amount": sign * amount,
                "quantity": Decimal(sign * random.randrange(1, 4)),
                "discount": sign * amount * random.choice((Decimal(0), Decimal("0.1"))),
                "product_id": random.choice((*PRODUCTS, None)),
                "refunded_at": _later(order["ordered_at"], random, days=50) if refund else None,
                "refunded_amount": amount / 2 if refund else None,
            })  # fmt: skip
    return rows


def _bursts(random: Random) -> list[Row]:
    """Return events of a few minutes on both sides of every business midnight: sessions over the edge of a day."""
    rows = []
    for day in range(1, DAYS):
        midnight = datetime.combine(FIRST_DAY, datetime.min.time()) + timedelta(days=day) - UTC_OFFSET
        user = _user(midnight, random)
        rows += [
            {
                "user_id": user,
                "occurred_at": midnight + timedelta(minutes=minute),
                "event_type": "view",
                "event_id": f"b{day}.{minute}",
            }
            for minute in (-20, -10, 0, 10, 20)
        ]
    return rows


def random_shop(seed: int, contracts: dict[str, SourceContract] = SOURCES) -> Shop:
    """Return contract name -> finished rows, the same for the same seed.

    Users come one after the other, some only visit, and one in ten orders is a guest's.
    """
    random = Random(seed)
    shop: Shop = {}
    for contract in contracts.values():
        rows = [_plain_row(contract, random, number) for number in range(ROWS.get(contract.name, 200))]
        if contract.name == "orders":
            for row in rows:
                row["user_id"] = None if random.random() < 0.1 else row["user_id"]
        elif contract.name == "campaigns":
            rows = [row | {"campaign_id": name} for row, name in zip(rows, WORDS["campaign_id"], strict=True)]
        elif contract.name == "campaign_contacts":  # a user is once on a list, and does not move in time
            rows = list({(row["campaign_id"], row["user_id"]): row for row in rows}.values())
        elif contract.name == "products":
            rows = [row | {"product_id": name} for row, name in zip(rows, PRODUCTS, strict=False)]
        elif contract.name == "order_items":
            rows = _items(shop["orders"], random)
        elif contract.name == "events":
            for row in rows:
                row["anonymous_id"], row["user_id"] = random.choice(
                    ((random.choice(VISITORS), None), (None, row["user_id"]))
                )
            rows += _bursts(random)
        versions = [version for row in rows for version in _versions(contract, row, random)]
        unique = {tuple(version.get(name) for name in (*contract.key, "updated_at")): version for version in versions}
        shop[contract.name] = [finished(contract, version) for version in unique.values()]
    return shop
