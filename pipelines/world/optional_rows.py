"""Optional sources in the folder `optional`: campaigns, contacts, redeemed coupons, marketing costs and promotions.

Belongs here: what a shop could also export. Does not belong here: truth (truth.py) and the six sources.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.world.behaviour import BlockLife
from pipelines.world.columns import coded, instants, money
from pipelines.world.events import product_ids, user_ids
from pipelines.world.model import WorldModel
from pipelines.world.orders import DAY_S
from pipelines.world.parameters import CHANNEL_COSTS, CHANNELS

SEND_HOUR = 8


def contact_table(world: WorldModel, life: BlockLife) -> pa.Table:
    """Return one row per campaign and user whose coin was tossed: contacted or held out, by chance alone."""
    parts = [_contacts(world, life, number) for number in range(len(world.campaigns))]
    return pa.concat_tables(parts) if parts else _NO_CONTACTS.empty_table()


_NO_CONTACTS = pa.schema(
    [
        ("campaign_id", pa.string()),
        ("user_id", pa.string()),
        ("is_control", pa.bool_()),
        ("contacted_at", pa.timestamp("us", tz="UTC")),
    ]
)


def _contacts(world: WorldModel, life: BlockLife, number: int) -> pa.Table:
    users = np.flatnonzero(life.eligible[number])
    control = ~life.treated[number][users]
    sent = np.full(len(users), world.campaigns[number].day * DAY_S + SEND_HOUR * 3600)
    return pa.table(
        {
            "campaign_id": pa.repeat(pa.scalar(world.campaigns[number].campaign_id), len(users)),
            "user_id": user_ids(life.first_user + users),
            "is_control": pa.array(control),
            "contacted_at": instants(world.utc_microseconds(sent)),
        }
    )


def redemption_table(orders: pa.Table) -> pa.Table:
    """Return one row per sale of a user that was placed with a coupon, however often the order was sent."""
    used = orders.filter(pc.field("coupon_id").is_valid() & pc.field("user_id").is_valid())
    order_id = used.column("order_id").to_numpy(zero_copy_only=False)
    _, first = np.unique(order_id, return_index=True)
    once = used.take(pa.array(np.sort(first)))
    number = pc.call_function(
        "binary_join_element_wise", [pa.scalar("redemption"), once.column("order_id"), pa.scalar("-")]
    )
    return pa.table(
        {
            "redemption_id": number,
            "user_id": once.column("user_id"),
            "coupon_id": once.column("coupon_id"),
            "redeemed_at": once.column("ordered_at"),
            "campaign_id": once.column("campaign_id"),
            "order_id": once.column("order_id"),
        }
    )


def shared_optional(world: WorldModel) -> dict[str, pa.Table]:
    """Return the optional sources that belong to no user."""
    catalogue, weeks = world.catalogue, -(-world.days // 7)
    week, product = np.repeat(np.arange(weeks), len(catalogue)), np.tile(np.arange(len(catalogue)), weeks)
    first = (np.datetime64(world.start) + (week * 7).astype("timedelta64[D]")).astype("datetime64[D]")
    ids = product_ids(np.arange(len(catalogue)))
    promoted = np.flatnonzero(catalogue.price[week, product] < catalogue.list_price[product])
    return {
        "campaigns": pa.table(
            {
                "campaign_id": pa.array([entry.campaign_id for entry in world.campaigns], pa.string()),
                "channel": pa.array(["push"] * len(world.campaigns), pa.string()),
                "first_date": pa.array([world.date_of(entry.day) for entry in world.campaigns], pa.date32()),
                "last_date": pa.array([world.date_of(entry.last_day - 1) for entry in world.campaigns], pa.date32()),
            }
        ),
        "marketing_costs": _marketing_costs(world),
        "promotions": pa.table(
            {
                "product_id": coded(ids, product[promoted]),
                "place": coded(("app",), np.zeros(len(promoted))),
                "first_date": pa.array(first[promoted]),
                "last_date": pa.array(first[promoted] + np.timedelta64(6, "D")),
                "kind": coded(("price_cut",), np.zeros(len(promoted))),
                "unit_price": money(catalogue.price[week, product][promoted]),
                "list_price": money(catalogue.list_price[product[promoted]]),
            }
        ),
    }


def _marketing_costs(world: WorldModel) -> pa.Table:
    """Return one row per day and paid channel: the channel's cost per registration times the registrations of the
    day.
    """
    population = world.population
    inside = population.registered_day >= 0
    cell = population.registered_day[inside].astype(np.int64) * len(CHANNELS) + population.channel[inside]
    counts = np.bincount(cell, minlength=world.days * len(CHANNELS))
    day, channel = np.divmod(np.arange(len(counts)), len(CHANNELS))
    cents = np.round(counts * np.array(CHANNEL_COSTS)[channel] * 100).astype(np.int64)
    spent = np.flatnonzero(cents)
    cost_date = (np.datetime64(world.start) + day[spent].astype("timedelta64[D]")).astype("datetime64[D]")
    return pa.table(
        {
            "cost_date": pa.array(cost_date),
            "channel": coded(CHANNELS, channel[spent]),
            "campaign_id": coded(("none",), np.zeros(len(spent))),
            "amount": money(cents[spent]),
            "currency": coded(("CNY",), np.zeros(len(spent))),
        }
    )
