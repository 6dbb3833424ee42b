"""Order and line rows of a block: what attempts of behaviour.py become, with deliveries, refunds, returns and guests.

Belongs here: money, status, delivery times, group buying. Does not belong here: whether an order happens
(behaviour.py).
"""

from dataclasses import dataclass

import numpy as np

from pipelines.world.behaviour import CANCELLED, FAILED_GROUP, NO_ATTEMPT, PAID, UNPAID, BlockLife
from pipelines.world.model import WorldModel
from pipelines.world.parameters import CARRIERS, PERSONAS

DAY_S = 86_400
STATUSES = ("placed", "paid", "shipped", "delivered", "completed", "cancelled", "returned", "unknown")
SALE, RETURN = 0, 1
GUEST_SHARE = 0.02
REFUNDED_SHARE = 0.025
RETURNED_SHARE = 0.015
RETURN_ORDER_SHARE = 0.02
RESENT_SHARE = 0.04
COUPON_SHARE = 0.15
COUPON_DISCOUNT, GROUP_DISCOUNT = 0.10, 0.15
CAMPAIGN_ORDER_SHARE = 0.6
COUPONS = tuple(f"coupon-{number:02d}" for number in range(1, 21))
FREE_SHIPPING_CENTS, SHIPPING_FEE_CENTS = 9_900, 800
NONE = -1
"""Code of a missing day, second, campaign, coupon, group or carrier."""


@dataclass(frozen=True)
class Orders:
    """One entry per order row of a block, seconds from the first local midnight, NONE where there is none (yet).

    `number` is unique in the block and gives the id; a row sent again has the number of the first. `user` is the place
    in the block or NONE for a guest. `visit` is the row of the visit, NONE for guests and returns.
    """

    number: np.ndarray
    user: np.ndarray
    visit: np.ndarray
    ordered: np.ndarray
    kind: np.ndarray
    status: np.ndarray
    coupon: np.ndarray
    campaign: np.ndarray
    fee: np.ndarray
    carrier: np.ndarray
    promised: np.ndarray
    shipped: np.ndarray
    delivered: np.ndarray
    cancelled: np.ndarray
    updated: np.ndarray
    group: np.ndarray
    defect: np.ndarray

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.number)


@dataclass(frozen=True)
class Lines:
    """One entry per order line: `order` is the row in Orders; prices in cents; amounts before discount."""

    order: np.ndarray
    line: np.ndarray
    product: np.ndarray
    quantity: np.ndarray
    unit_price: np.ndarray
    discount: np.ndarray
    refunded: np.ndarray
    refund_cents: np.ndarray


@dataclass(frozen=True)
class Basket:
    """What attempts are about, chosen before their time is known: product, order group (NONE = alone), per visit row."""

    product: np.ndarray
    group: np.ndarray


def choose_baskets(world: WorldModel, life: BlockLife, *, block: int) -> Basket:
    """Return the first product and the buying group of each visit with an attempt.

    Groups are formed of the group-minded buyers of a day in threes (the last takes the rest: two to five users); all
    take the first's product.
    """
    rng, visits = world.random(6, block), life.visits
    persona = life.users.persona[visits.user]
    product = np.zeros(len(visits.user), dtype=np.int32)
    attempts = np.flatnonzero(visits.outcome != NO_ATTEMPT)
    product[attempts] = world.catalogue.choose(rng, visits.day[attempts] // 7, persona[attempts])
    share = np.array([entry.group for entry in PERSONAS])[persona]
    minded = np.flatnonzero((visits.outcome == PAID) & (rng.random(len(product)) < share))
    # Visits are sorted by day, so the place within the day decides the group.
    days, first, size = np.unique(visits.day[minded], return_index=True, return_counts=True)
    place = np.arange(len(minded)) - np.repeat(first, size)
    full_groups = np.maximum(np.repeat(size, size) // 3, 1)
    within = np.minimum(place // 3, full_groups - 1)
    group = np.full(len(product), NONE, dtype=np.int64)
    joined = np.repeat(size, size) > 1
    group[minded[joined]] = (np.repeat(days, size) * 100_000 + within)[joined]
    members = np.flatnonzero(group != NONE)
    _, leader, inverse = np.unique(group[members], return_index=True, return_inverse=True)
    product[members] = product[members[leader[inverse]]]
    group[members] = inverse
    failed = np.flatnonzero(visits.outcome == FAILED_GROUP)
    group[failed] = len(leader) + np.arange(len(failed))
    return Basket(product=product, group=group)


def place_orders(world: WorldModel, life: BlockLife, basket: Basket, tail_seconds: np.ndarray, *, block: int) -> Orders:
    """Return the sale orders of the block's users and of guests, with everything that has not happened by the end
    left out.
    """
    rng, visits = world.random(7, block), life.visits
    rows = np.flatnonzero(visits.outcome != NO_ATTEMPT)
    guests = rng.poisson(len(rows) * GUEST_SHARE)
    count, end = len(rows) + guests, world.days * DAY_S
    user = np.concatenate([visits.user[rows], np.full(guests, NONE)])
    visit = np.concatenate([rows, np.full(guests, NONE)])
    ordered = np.concatenate([tail_seconds[rows], rng.uniform(0, end, guests)]).astype(np.int64)
    outcome = np.concatenate([visits.outcome[rows], np.full(guests, PAID)])
    day = ordered // DAY_S
    paid = outcome == PAID
    carrier = rng.integers(0, len(CARRIERS), count)
    promised_day, delivered_day = day + 4, day + rng.integers(2, 5, count)
    own = np.flatnonzero(paid[: len(rows)])
    carrier[own] = life.deliveries.carrier
    promised_day[own], delivered_day[own] = life.deliveries.promised_day, life.deliveries.delivered_day
    defect = np.zeros(count, dtype=bool)
    defect[own] = life.deliveries.defect
    shipped = ordered + rng.integers(4 * 3600, 30 * 3600, count)
    delivered = delivered_day * DAY_S + rng.integers(9 * 3600, 21 * 3600, count)
    shipped = np.where(paid & (shipped < end), shipped, NONE)
    delivered = np.where(paid & (delivered < end), delivered, NONE)
    cancels = (outcome == CANCELLED) | (outcome == FAILED_GROUP)
    cancelled = ordered + np.where(outcome == FAILED_GROUP, DAY_S, rng.integers(600, 2 * DAY_S, count))
    cancelled = np.where(cancels & (cancelled < end), cancelled, NONE)
    completed = (delivered != NONE) & (delivered + 7 * DAY_S < end)
    status = np.select(
        [cancelled != NONE, ~paid, completed, delivered != NONE, shipped != NONE],
        [5, 0, 4, 3, 2],
        default=1,
    )
    status = np.where((outcome == UNPAID) & (rng.random(count) < 0.1), STATUSES.index("unknown"), status)
    updated = np.max(np.stack([ordered, shipped, delivered, cancelled, (delivered + 7 * DAY_S) * completed]), axis=0)
    campaign, coupon = _incentives(world, life, rng, user, day)
    group = np.where(visit == NONE, NONE, basket.group[visit])
    return Orders(
        number=np.arange(count),
        user=user,
        visit=visit,
        ordered=ordered,
        kind=np.full(count, SALE),
        status=status,
        coupon=np.where(group == NONE, coupon, NONE),
        campaign=campaign,
        fee=np.zeros(count, dtype=np.int64),
        carrier=np.where(shipped != NONE, carrier, NONE),
        promised=np.where(paid, promised_day * DAY_S + DAY_S - 1, NONE),
        shipped=shipped,
        delivered=delivered,
        cancelled=cancelled,
        updated=updated,
        group=group,
        defect=defect,
    )


def _incentives(
    world: WorldModel, life: BlockLife, rng: np.random.Generator, user: np.ndarray, day: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    campaign = np.full(len(user), NONE)
    for number, entry in enumerate(world.campaigns):
        inside = (user != NONE) & (day >= entry.day) & (day < entry.last_day)
        campaign[inside & life.treated[number][user]] = number
    campaign[rng.random(len(user)) >= CAMPAIGN_ORDER_SHARE] = NONE
    share = np.where(campaign != NONE, 0.8, COUPON_SHARE)
    coupon = np.where(rng.random(len(user)) < share, rng.integers(0, len(COUPONS), len(user)), NONE)
    return campaign, coupon


def fill_orders(world: WorldModel, life: BlockLife, basket: Basket, orders: Orders, *, block: int) -> Lines:
    """Return the lines of the orders, and set `fee` of orders: free from 99 CNY on."""
    rng = world.random(8, block)
    sizes = np.where(orders.group == NONE, 1 + np.minimum(rng.poisson(0.75, len(orders)), 7), 1)
    order = np.repeat(np.arange(len(orders)), sizes)
    line = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + 1
    week = orders.ordered[order] // (7 * DAY_S)
    guests_persona = rng.integers(0, len(PERSONAS), len(order))
    persona = np.where(orders.user[order] == NONE, guests_persona, life.users.persona[orders.user[order]])
    product = world.catalogue.choose(rng, week, persona)
    first = (line == 1) & (orders.visit[order] != NONE)
    product[first] = basket.product[orders.visit[order[first]]]
    quantity = 1 + (rng.random(len(order)) < 0.18) + (rng.random(len(order)) < 0.05) * rng.integers(1, 4, len(order))
    unit_price = world.catalogue.price[week, product]
    amount = quantity * unit_price
    share = np.select(
        [orders.group[order] != NONE, orders.coupon[order] != NONE], [GROUP_DISCOUNT, COUPON_DISCOUNT], default=0.0
    )
    discount = np.round(amount * share).astype(np.int64)
    total = np.bincount(order, weights=amount, minlength=len(orders))
    orders.fee[:] = np.where(total >= FREE_SHIPPING_CENTS, 0, SHIPPING_FEE_CENTS)
    refunded, refund = _refunds(world, rng, orders, order, amount - discount)
    return Lines(order, line, product, quantity, unit_price, discount, refunded, refund)


def _refunds(
    world: WorldModel, rng: np.random.Generator, orders: Orders, order: np.ndarray, paid_cents: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    end = world.days * DAY_S
    received = orders.delivered != NONE
    asked = orders.delivered + rng.integers(DAY_S, 10 * DAY_S, len(orders))
    happens = received & (asked < end)
    whole = happens & (rng.random(len(orders)) < np.where(orders.defect, 0.3, RETURNED_SHARE))
    orders.status[whole] = STATUSES.index("returned")
    orders.updated[whole] = np.maximum(orders.updated, asked)[whole]
    single = happens[order] & ~whole[order] & (rng.random(len(order)) < REFUNDED_SHARE)
    part = np.where(whole[order] | (rng.random(len(order)) < 0.7), 1.0, 0.5)
    chosen = whole[order] | single
    refunded = np.where(chosen, asked[order], NONE)
    return refunded, np.where(chosen, np.round(paid_cents * part), 0).astype(np.int64)
