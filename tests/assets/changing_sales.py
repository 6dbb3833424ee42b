"""Orders, lines, feedback and the like whose later versions change what decides where they stand, for tests of arrival.

Belongs here: records only. Versions move an order to another day, lines may come before their order, refunds and rates after.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

FIRST_DAY, DAYS, ORDERS = date(2024, 1, 2), 28, 40
STATUSES = ("placed", "paid", "cancelled")
HEADERS = {
    "orders": "order_id,ordered_at,user_id,kind,status,currency,coupon_id,cancelled_at,updated_at",
    "order_items": "order_id,line_number,line_amount,product_id,quantity,discount,refunded_at,refunded_amount,updated_at",
    "feedback": "feedback_id,user_id,created_at,kind,score,text,order_id,updated_at",
    "exchange_rates": "rate_date,currency,rate,updated_at",
    "campaigns": "campaign_id,kind,channel,first_date,last_date,updated_at",
    "campaign_contacts": "campaign_id,user_id,contacted_at,is_control,updated_at",
    "coupon_redemptions": "redemption_id,user_id,coupon_id,redeemed_at,order_id,updated_at",
}


def changing_sales(seed: int) -> dict[str, list[tuple[str, str]]]:
    """Return (time, line) by source; several lines are versions of one key, and the time is when it would have come."""
    random = Random(seed)
    made: dict[str, list[tuple[str, str]]] = {source: [] for source in HEADERS}
    for day in range(DAYS + 5):
        for version in range(random.choice([1, 1, 2])):
            rate = f"{FIRST_DAY + timedelta(days=day)},USD,{7 + random.randrange(100) / 1000},{_time(day + version)}"
            made["exchange_rates"].append((_time(day), rate))
    for number in range(ORDERS):
        for source, rows in _sale(random, number).items():
            made[source] += rows
    made["campaigns"].append((_time(0), f"c1,coupon,app,{FIRST_DAY},{FIRST_DAY + timedelta(days=20)},"))
    return made


def _sale(random: Random, number: int) -> dict[str, list[tuple[str, str]]]:
    day, user, order = (
        random.randrange(DAYS),
        f"u{random.randrange(25):08d}",
        f"s{random.randrange(10**6):06d}-{number}",
    )
    currency, user_of = random.choice(["CNY", "CNY", "USD"]), random.choice([user, user, user, ""])
    days = [day] + [max(0, day + random.choice([0, 0, -3, 1, 6])) for _ in range(random.choice([0, 1, 2]))]
    orders = [
        (
            _time(day + version),
            f"{order},{_time(at)},{user_of},sale,{random.choice(STATUSES)},{currency},k1,,{_time(day + version)}",
        )
        for version, at in enumerate(days)
    ]
    lines = [
        (
            _time(max(0, day - random.choice([0, 0, 2])) + version * 4),
            f"{order},{line},{random.randrange(1, 9)}0,p{random.randrange(120):05d},1,0,{refund},{_time(day + version)}",
        )
        for line in range(1, random.choice([2, 3]))
        for version, refund in enumerate([",", f"{_time(day + 9)},5"][: random.choice([1, 2])])
    ]
    said = [(_time(at), f"f{number},{user},{_time(at)},rating,{1 + at % 5},,{order},{_time(at)}") for at in days]
    used = [(_time(at), f"r{number},{user},k1,{_time(at)},{order},{_time(at)}") for at in days]
    told = [(_time(at), f"c1,{user},{_time(at)},{number % 2 == 0},{_time(at)}") for at in days]
    return {
        "orders": orders, "order_items": lines, "feedback": said, "coupon_redemptions": used, "campaign_contacts": told
    }  # fmt: skip


def _time(day: int) -> str:
    return f"{FIRST_DAY + timedelta(days=day)}T{9 + day % 7:02d}:00:00+08:00"


def versions_on_several_dates(made: dict[str, list[tuple[str, str]]]) -> Iterator[str]:
    """Yield the ids of the orders whose versions lie on different dates."""
    dates: dict[str, set[str]] = {}
    for _, line in made["orders"]:
        order, ordered_at, *_ = line.split(",")
        dates.setdefault(order, set()).add(ordered_at[:10])
    yield from (order for order, found in dates.items() if len(found) > 1)
