"""Events beside the plain visit: invitations, group buying, campaign pushes, visitors who are not signed in.

Belongs here: event rows that no visit of behaviour.py implies. Does not belong here: the visits themselves (events.py).
"""

import numpy as np
import pyarrow as pa

from pipelines.world.behaviour import FAILED_GROUP, BlockLife
from pipelines.world.columns import coded, instants
from pipelines.world.events import (
    ANONYMOUS_SHARE,
    PRE_REGISTRATION_SHARE,
    VisitPlan,
    anonymous_ids,
    product_ids,
    user_ids,
)
from pipelines.world.identifiers import hex_ids
from pipelines.world.model import WorldModel
from pipelines.world.orders import DAY_S, NONE, Basket
from pipelines.world.population import INVITE_DELAY_MEAN_DAYS

INVITE_CONVERSION = 0.25
PUSH_OPEN_SHARE = 0.3
_TEXT = (
    "event_type", "user_id", "anonymous_id", "product_id", "target_user_id", "content_id", "channel", "device",
    "session_id", "properties",
)  # fmt: skip


def outside_events(
    world: WorldModel, life: BlockLife, plan: VisitPlan, basket: Basket, *, block: int
) -> list[pa.Table]:
    """Return the tables of events outside plain visits, without event_id, text columns as plain text."""
    rng = world.random(10, block)
    tail = plan.start + (plan.total - 0.02) * plan.gap
    return [
        _invites(world, life, tail, rng, block),
        _group_joins(world, life, tail, basket, block),
        _pushes(world, life, rng),
        _anonymous(world, life, plan, rng, block),
    ]


def _rows(world: WorldModel, seconds: np.ndarray, **columns: pa.Array | str) -> pa.Table:
    count = len(seconds)
    table = {"occurred_at": instants(world.utc_microseconds(seconds))}
    for name in _TEXT:
        values = columns.get(name)
        if isinstance(values, str):
            table[name] = pa.repeat(pa.scalar(values), count)
        else:
            table[name] = pa.nulls(count, pa.string()) if values is None else values.cast(pa.string())
    return pa.table(table)


def _visit_before(life: BlockLife, user: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Return the row of each user's last visit on or before the day, NONE where there is none."""
    visits = life.visits
    key = visits.user.astype(np.int64) << 20 | visits.day
    order = np.argsort(key, kind="stable")
    place = np.searchsorted(key[order], user.astype(np.int64) << 20 | np.maximum(day, 0), side="right") - 1
    row = order[np.maximum(place, 0)]
    return np.where((place >= 0) & (visits.user[row] == user) & (day >= 0), row, NONE)


def _invites(world: WorldModel, life: BlockLife, tail: np.ndarray, rng: np.random.Generator, block: int) -> pa.Table:
    children = world.invited_by_block(block)
    users = life.users
    inviter = world.population.inviter[children] - life.first_user
    lost = rng.poisson(users.invite_rate * (1 - INVITE_CONVERSION) / INVITE_CONVERSION)
    sender = np.repeat(np.arange(len(users)), lost)
    day = users.registered_day[sender] + rng.geometric(1 / INVITE_DELAY_MEAN_DAYS, len(sender))
    sent = (day < users.dropout_day[sender]) & (day < world.days)
    user = np.concatenate([inviter, sender[sent]])
    # An invitation is sent on a visit before the day on which the invited user registers, or would have.
    row = _visit_before(life, user, np.concatenate([world.population.registered_day[children], day[sent]]) - 1)
    user, row = user[row != NONE], row[row != NONE]
    return _rows(
        world,
        tail[row],
        event_type="invite",
        user_id=user_ids(life.first_user + user),
        content_id=hex_ids("invite-", np.arange(len(user)) + (block << 28)),
        channel="app",
        session_id=hex_ids("s", row + (block << 28)),
    )


def _group_joins(world: WorldModel, life: BlockLife, tail: np.ndarray, basket: Basket, block: int) -> pa.Table:
    rows = np.flatnonzero(basket.group != NONE)
    group, user = basket.group[rows], life.visits.user[rows]
    # The order time decides who opened the group.
    by_time = np.lexsort((tail[rows], group))
    rows, group, user = rows[by_time], group[by_time], user[by_time]
    opens = np.append(True, group[1:] != group[:-1])[: len(group)]
    opener = user[np.maximum.accumulate(np.where(opens, np.arange(len(group)), 0))] if len(group) else user
    failed = life.visits.outcome[rows] == FAILED_GROUP
    roles = ('{"role":"initiator"}', '{"role":"member"}', '{"role":"initiator","group":"failed"}')
    return _rows(
        world,
        tail[rows],
        event_type="join_group",
        user_id=user_ids(life.first_user + user),
        product_id=coded(product_ids(np.arange(len(world.catalogue))), basket.product[rows]),
        target_user_id=coded(user_ids(life.first_user + opener), np.arange(len(opener)), opens),
        content_id=hex_ids("group-", group + (block << 28)),
        channel="app",
        session_id=hex_ids("s", rows + (block << 28)),
        properties=coded(roles, np.where(failed, 2, np.where(opens, 0, 1))),
    )


def _pushes(world: WorldModel, life: BlockLife, rng: np.random.Generator) -> pa.Table:
    parts = []
    for number, campaign in enumerate(world.campaigns):
        alive = life.users.dropout_day > campaign.day
        opened = np.flatnonzero(life.treated[number] & alive & (rng.random(len(alive)) < PUSH_OPEN_SHARE))
        seconds = campaign.day * DAY_S + rng.uniform(8 * 3600, 22 * 3600, len(opened))
        parts.append(
            _rows(
                world,
                seconds,
                event_type="push_open",
                user_id=user_ids(life.first_user + opened),
                content_id=campaign.campaign_id,
                channel="push",
            )
        )
    return pa.concat_tables(parts) if parts else _rows(world, np.zeros(0))


def _anonymous(world: WorldModel, life: BlockLife, plan: VisitPlan, rng: np.random.Generator, block: int) -> pa.Table:
    """Return views and searches of visitors without account, and of later users some days before they registered."""
    users = life.users
    later = np.flatnonzero((users.registered_day >= 3) & (rng.random(len(users)) < PRE_REGISTRATION_SHARE))
    strangers = rng.poisson(plan.total.sum() * ANONYMOUS_SHARE / (1 - ANONYMOUS_SHARE) / 4)
    strangers = max(strangers - len(later), 0)
    day = np.concatenate(
        [users.registered_day[later] - rng.integers(1, 4, len(later)), rng.integers(0, world.days, strangers)]
    )
    visitor = np.concatenate([life.first_user + later, world.users + (block << 20) + np.arange(strangers)])
    length = rng.integers(1, 8, len(day))
    start = day * DAY_S + rng.uniform(7 * 3600, 23 * 3600, len(day))
    visit = np.repeat(np.arange(len(day)), length)
    place = np.arange(len(visit)) - np.repeat(np.cumsum(length) - length, length)
    searches = rng.random(len(visit)) < 0.2
    product = world.catalogue.browsed[0][rng.integers(0, 65536, len(visit))]
    return _rows(
        world,
        start[visit] + (place + rng.random(len(visit))) * 50,
        event_type=coded(("view", "search"), searches),
        anonymous_id=anonymous_ids(visitor[visit]),
        product_id=coded(product_ids(np.arange(len(world.catalogue))), product, searches),
        channel="web",
        device="web",
        session_id=hex_ids("v", visit + (block << 28)),
    )
