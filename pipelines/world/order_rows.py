"""Arrow tables of orders and order lines in the columns of the contract, with return orders and rows that are sent
again.

Belongs here: turning arrays of orders.py into columns. Does not belong here: what is bought (orders.py).
"""

import numpy as np
import pyarrow as pa

from pipelines.world.behaviour import BlockLife
from pipelines.world.columns import coded, instants, money
from pipelines.world.events import product_ids, user_ids
from pipelines.world.identifiers import hex_ids
from pipelines.world.model import WorldModel
from pipelines.world.orders import (
    COUPONS,
    DAY_S,
    NONE,
    RESENT_SHARE,
    RETURN,
    RETURN_ORDER_SHARE,
    SALE,
    STATUSES,
    Lines,
    Orders,
)
from pipelines.world.parameters import CARRIERS

_KINDS = ("sale", "return")


def order_ids(numbers: np.ndarray, block: int) -> pa.Array:
    """Return the order_id of order numbers of a block."""
    return hex_ids("o", numbers + (block << 28))


def order_tables(
    world: WorldModel, life: BlockLife, orders: Orders, lines: Lines, *, block: int, last_days: int = 0
) -> tuple[pa.Table, pa.Table]:
    """Return the rows of orders and order_items of a block: sales and their lines, then returns, then rows sent again.

    With `last_days` every order that changes in them, on a later day than its own, was also sent when it was placed.
    """
    rng = world.random(9, block)
    sales, sale_lines = _order_table(world, life, orders, block), _line_table(world, orders, lines, block)
    returned = _returned_lines(world, rng, orders, lines)
    return_orders, return_lines = _return_orders(orders, lines, returned, rng)
    returns = _order_table(world, life, return_orders, block)
    return_items = _line_table(world, return_orders, return_lines, block)
    again = _order_table(
        world, life, _sent_before(rng, orders, (world.days - last_days) * DAY_S if last_days else None), block
    )
    return pa.concat_tables([sales, returns, again]), pa.concat_tables([sale_lines, return_items])


def _order_table(world: WorldModel, life: BlockLife, orders: Orders, block: int) -> pa.Table:
    count = len(orders)
    users = user_ids(life.first_user + np.arange(len(life.users)))

    def moment(seconds: np.ndarray) -> pa.Array:
        return instants(world.utc_microseconds(seconds), seconds == NONE)

    campaign_ids = [campaign.campaign_id for campaign in world.campaigns] or ["none"]
    return pa.table(
        {
            "order_id": order_ids(orders.number, block),
            "ordered_at": moment(orders.ordered),
            "user_id": coded(users, np.maximum(orders.user, 0), orders.user == NONE),
            "kind": coded(_KINDS, orders.kind),
            "status": coded(STATUSES, orders.status),
            "currency": coded(("CNY",), np.zeros(count)),
            "coupon_id": coded(COUPONS, np.maximum(orders.coupon, 0), orders.coupon == NONE),
            "campaign_id": coded(campaign_ids, np.maximum(orders.campaign, 0), orders.campaign == NONE),
            "shipping_fee": money(orders.fee),
            "carrier": coded(CARRIERS, np.maximum(orders.carrier, 0), orders.carrier == NONE),
            "promised_at": moment(orders.promised),
            "shipped_at": moment(orders.shipped),
            "delivered_at": moment(orders.delivered),
            "cancelled_at": moment(orders.cancelled),
            "updated_at": moment(orders.updated),
        }
    )


def _line_table(world: WorldModel, orders: Orders, lines: Lines, block: int) -> pa.Table:
    catalogue = world.catalogue
    missing = lines.refunded == NONE
    return pa.table(
        {
            "order_id": order_ids(orders.number[lines.order], block),
            "line_number": pa.array(lines.line.astype(np.int32)),
            "line_amount": money(lines.quantity * lines.unit_price),
            "product_id": coded(product_ids(np.arange(len(catalogue))), lines.product),
            "quantity": pa.array(lines.quantity.astype(np.int32)),
            "unit_price": money(lines.unit_price),
            "list_price": money(catalogue.list_price[lines.product]),
            "discount": money(lines.discount),
            "refunded_at": instants(world.utc_microseconds(lines.refunded), missing),
            "refunded_amount": money(lines.refund_cents, missing),
        }
    )


def _returned_lines(world: WorldModel, rng: np.random.Generator, orders: Orders, lines: Lines) -> np.ndarray:
    """Return the rows of the first lines that come back as an order of kind return: delivered, not refunded
    otherwise.
    """
    firsts = np.flatnonzero(lines.line == 1)
    order = lines.order[firsts]
    wanted = (
        (orders.delivered[order] != NONE)
        & (orders.delivered[order] + 12 * DAY_S < world.days * DAY_S)
        & (lines.refunded[firsts] == NONE)
        & (rng.random(len(firsts)) < RETURN_ORDER_SHARE)
    )
    return firsts[wanted]


def _return_orders(
    orders: Orders, lines: Lines, returned: np.ndarray, rng: np.random.Generator
) -> tuple[Orders, Lines]:
    origin, count = lines.order[returned], len(returned)
    nothing = np.full(count, NONE)
    ordered = orders.delivered[origin] + rng.integers(DAY_S, 12 * DAY_S, count)
    rows = Orders(
        number=len(orders) + np.arange(count),
        user=orders.user[origin],
        visit=nothing,
        ordered=ordered,
        kind=np.full(count, RETURN),
        status=np.full(count, STATUSES.index("completed")),
        coupon=nothing,
        campaign=nothing,
        fee=np.zeros(count, dtype=np.int64),
        carrier=nothing,
        promised=nothing,
        shipped=nothing,
        delivered=nothing,
        cancelled=nothing,
        updated=ordered,
        group=nothing,
        defect=np.zeros(count, dtype=bool),
    )
    quantity = lines.quantity[returned]
    paid = quantity * lines.unit_price[returned] - lines.discount[returned]
    # The price of the return is what was paid per unit; a remainder of a cent stays with the shop.
    back = Lines(
        order=np.arange(count),
        line=np.ones(count, dtype=np.int64),
        product=lines.product[returned],
        quantity=-quantity,
        unit_price=paid // quantity,
        discount=np.zeros(count, dtype=np.int64),
        refunded=nothing,
        refund_cents=np.zeros(count, dtype=np.int64),
    )
    return rows, back


def _sent_before(rng: np.random.Generator, orders: Orders, cut: int | None) -> Orders:
    """Return some delivered orders as they looked when just paid; with second `cut`, also all that change after it on a
    later day than they were placed, so that each arrives on its own day first.
    """
    again = (orders.kind == SALE) & (orders.delivered != NONE) & (rng.random(len(orders)) < RESENT_SHARE)
    if cut is not None:
        again |= (orders.updated >= cut) & (orders.updated // DAY_S > orders.ordered // DAY_S)
    values = {name: getattr(orders, name)[again] for name in orders.__dataclass_fields__}
    nothing = np.full(np.count_nonzero(again), NONE)
    values |= {
        "shipped": nothing,
        "delivered": nothing,
        "cancelled": nothing,
        "carrier": nothing,
        "updated": values["ordered"],
    }
    values["status"] = np.full(len(nothing), STATUSES.index("paid"))
    return Orders(**values)
