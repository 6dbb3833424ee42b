"""Event rows of a block: what happens inside the visits, and what is sent or seen outside them.

Belongs here: sessions, funnels, products looked at, follows, invitations, anonymous visitors. Does not belong here:
whether a user visits or orders (behaviour.py).
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.world.behaviour import NO_ATTEMPT, PAID, BlockLife
from pipelines.world.columns import coded, instants
from pipelines.world.errors import WorldError
from pipelines.world.identifiers import decimal_ids, hex_ids
from pipelines.world.model import WorldModel
from pipelines.world.parameters import DEVICES, EVENT_CHANNELS, EVENT_TYPES, PERSONAS

_CODE = {name: code for code, name in enumerate(EVENT_TYPES)}
_SHALLOW = {
    "view": 62,
    "search": 11,
    "like": 8,
    "comment": 2,
    "share": 3,
    "favourite": 3,
    "cart": 4,
    "live_join": 4,
    "follow": 3,
}
_DEEP = {
    "view": 52,
    "search": 15,
    "like": 4,
    "comment": 1,
    "share": 2,
    "favourite": 8,
    "cart": 15,
    "live_join": 1,
    "follow": 2,
}
_WITH_PRODUCT = np.isin(EVENT_TYPES, ["view", "cart", "favourite", "checkout", "purchase", "share", "like", "comment"])
PROPERTIES = (
    *(f'{{"position":{place}}}' for place in range(1, 21)),
    '{"query":"连衣裙"}', '{"query":"dress"}', '{"query":"纸尿裤"}', '{"query":"耳机"}', '{"query":"tea"}', '{"query":"礼物"}',
)  # fmt: skip
DEEP_LENGTH_FACTOR = 1.8
FUNNEL_EVENTS = 4
LEAST_EXTRA_EVENTS = 0.2
ANONYMOUS_SHARE = 0.03
PRE_REGISTRATION_SHARE = 0.3
MAX_GAP_S = 75


@dataclass(frozen=True)
class VisitPlan:
    """Length and clock of each visit: first second, seconds between events, number of extra events, first flat
    position.
    """

    start: np.ndarray
    gap: np.ndarray
    extra: np.ndarray
    total: np.ndarray


def mean_extra_events(world: WorldModel, pilot: BlockLife, *, events: int, outside: int) -> float:
    """Return the mean of extra events in a shallow visit that makes about `events` in all, measured on one block.

    `outside` is the number of events of signed-in users outside their visits in that block.

    Raises WorldError when the orders alone need more events than were asked for.
    """
    block_share = len(pilot.users) / world.users * (1 - ANONYMOUS_SHARE)
    visits = pilot.visits
    attempts, paid = np.count_nonzero(visits.outcome != NO_ATTEMPT), np.count_nonzero(visits.outcome == PAID)
    fixed = outside + len(visits.user) + (FUNNEL_EVENTS - 1) * attempts + paid
    weight = len(visits.user) + (DEEP_LENGTH_FACTOR - 1) * np.count_nonzero(visits.deep)
    if events * block_share < fixed + LEAST_EXTRA_EVENTS * weight:
        least = int(np.ceil((fixed + LEAST_EXTRA_EVENTS * weight) / block_share))
        msg = f"events={events} is too few for {world.users} users over {world.days} days: ask for at least {least}"
        raise WorldError(msg)
    return float((events * block_share - fixed) / weight)


def plan_visits(world: WorldModel, life: BlockLife, *, block: int, extra_mean: float) -> VisitPlan:
    """Return length and clock of each visit; every event of a visit stays within its day."""
    rng, visits = world.random(4, block), life.visits
    count = len(visits.user)
    extra = rng.poisson(np.where(visits.deep, DEEP_LENGTH_FACTOR, 1.0) * extra_mean)
    funnel = np.where(
        visits.outcome == NO_ATTEMPT, 0, np.where(visits.outcome == PAID, FUNNEL_EVENTS, FUNNEL_EVENTS - 1)
    )
    total = 1 + extra + funnel
    clock = _clocks()[life.users.persona[visits.user], rng.integers(0, 4096, count)] + rng.random(count) * 900
    longest = total * MAX_GAP_S + 1
    # A visit of many events is told faster, so that it always fits in a day.
    gap = np.minimum(rng.uniform(20, MAX_GAP_S, count), 50_000 / longest * MAX_GAP_S)
    start = np.clip(clock, 0, 86_399 - (total + 1) * gap)
    return VisitPlan(start=start + visits.day * 86_400.0, gap=gap, extra=extra, total=total)


def event_rows(
    world: WorldModel,
    life: BlockLife,
    plan: VisitPlan,
    *,
    block: int,
    funnel_product: np.ndarray,
    outside: list[pa.Table],
) -> tuple[pa.Table, np.ndarray]:
    """Return the event rows of a block and, per visit, the local second of its last event.

    `funnel_product` is the product of each visit with an attempt; `outside` are event tables without ids that join the
    block.
    """
    rng, visits, users = world.random(5, block), life.visits, life.users
    visit = np.repeat(np.arange(len(plan.total), dtype=np.int32), plan.total)
    first = np.cumsum(plan.total) - plan.total
    place = np.arange(len(visit)) - first[visit]
    user = visits.user[visit]
    bits = rng.integers(0, 65536, len(visit), dtype=np.uint16)
    kind = _type_table()[visits.deep[visit].astype(np.int8), bits & 1023]
    kind[first] = _CODE["open_app"]
    product = world.catalogue.browsed[users.persona[user], rng.integers(0, 65536, len(visit), dtype=np.uint16)]
    attempts = np.flatnonzero(visits.outcome != NO_ATTEMPT)
    tail = first[attempts] + 1 + plan.extra[attempts]
    for step, name in enumerate(("view", "cart", "checkout")):
        kind[tail + step] = _CODE[name]
        product[tail + step] = funnel_product[attempts]
    paid = visits.outcome[attempts] == PAID
    kind[tail[paid] + 3] = _CODE["purchase"]
    product[tail[paid] + 3] = funnel_product[attempts[paid]]
    seconds = plan.start[visit] + (place + rng.random(len(visit), dtype=np.float32)) * plan.gap[visit]
    # A user's first visit starts at the registration itself.
    seconds[first] = plan.start
    target, no_target = _follow_targets(world, life, visit, kind, rng)
    kind = np.where((kind == _CODE["follow"]) & no_target, _CODE["like"], kind).astype(np.int8)
    has_product = _WITH_PRODUCT[kind]
    has_property = (bits >> 10) < 12
    property_code = np.where(kind == _CODE["search"], 20 + (bits >> 5) % 6, (bits >> 5) % 20)
    session_device = rng.choice(len(DEVICES), len(plan.total), p=[0.33, 0.42, 0.2, 0.05])
    session_channel = np.array([0, 0, 1, 2])[session_device]
    session_channel[rng.random(len(session_channel)) < 0.06] = EVENT_CHANNELS.index("share_link")
    first_visit = visits.day == users.registered_day[visits.user]
    table = {
        "occurred_at": instants(world.utc_microseconds(seconds)),
        "event_type": coded(EVENT_TYPES, kind),
        "user_id": coded(user_ids(life.first_user + np.arange(len(users))), user),
        "anonymous_id": coded(anonymous_ids(life.first_user + np.arange(len(users))), user, ~first_visit[visit]),
        "product_id": coded(product_ids(np.arange(len(world.catalogue))), product, ~has_product),
        "target_user_id": target,
        "content_id": pa.nulls(len(visit), pa.string()),
        "channel": coded(EVENT_CHANNELS, session_channel[visit]),
        "device": coded(DEVICES, session_device[visit]),
        "session_id": coded(hex_ids("s", np.arange(len(plan.total)) + (block << 28)), visit),
        "properties": coded(PROPERTIES, property_code, ~(has_property & (has_product | (kind == _CODE["search"])))),
    }
    inside = pa.table(table)
    rows = pa.concat_tables([inside, *[part.cast(inside.schema) for part in outside]], promote_options="none")
    ids = hex_ids("e", np.arange(len(rows)) + (block << 28))
    return rows.add_column(0, "event_id", ids), seconds[first + plan.total - 1]


def user_ids(numbers: np.ndarray) -> pa.Array:
    """Return the user_id of each user number."""
    return decimal_ids("u", numbers, 8)


def anonymous_ids(numbers: np.ndarray) -> pa.Array:
    """Return the anonymous_id that a user had before registration."""
    return hex_ids("a", numbers)


def product_ids(numbers: np.ndarray) -> pa.Array:
    """Return the product_id of each product number."""
    return decimal_ids("p", numbers, 5)


def _follow_targets(
    world: WorldModel, life: BlockLife, visit: np.ndarray, kind: np.ndarray, rng: np.random.Generator
) -> tuple[pa.Array, np.ndarray]:
    follows = np.flatnonzero(kind == _CODE["follow"])
    owner = life.visits.user[visit[follows]]
    chosen = world.follow_graph.choose(rng, life.users.community[owner])
    day = life.visits.day[visit[follows]]
    known = (world.population.registered_day[chosen] < day) & (chosen != life.first_user + owner)
    no_target = np.ones(len(visit), dtype=bool)
    no_target[follows[known]] = False
    codes = np.zeros(len(visit), dtype=np.int32)
    codes[follows[known]] = np.arange(np.count_nonzero(known))
    return coded(user_ids(chosen[known]), codes, no_target), no_target


def _type_table() -> np.ndarray:
    rows = []
    for mix in (_SHALLOW, _DEEP):
        shares = np.array(list(mix.values()), dtype=float)
        limits = np.round(np.cumsum(shares) / shares.sum() * 1024).astype(int)
        rows.append(np.repeat([_CODE[name] for name in mix], np.diff(limits, prepend=0)))
    return np.stack(rows).astype(np.int8)


def _clocks() -> np.ndarray:
    """Return (personas, 4096) seconds of the day, equally spaced quantiles of each persona's mixture of hours."""
    rng = np.random.default_rng(20240101)
    rows = []
    for persona in PERSONAS:
        weights = np.array([peak[0] for peak in persona.peak_hours])
        part = rng.choice(len(weights), 4096, p=weights / weights.sum())
        peaks = np.array(persona.peak_hours)[part]
        hours = np.mod(rng.normal(peaks[:, 1], peaks[:, 2]), 24)
        rows.append(np.where(rng.random(4096) < 0.08, rng.uniform(7, 24, 4096), hours) * 3600)
    return np.stack(rows)
