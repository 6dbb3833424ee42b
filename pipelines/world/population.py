"""Every simulated user as a row of small arrays: who they are, when they arrive and leave, who invited them.

Belongs here: what is fixed before the first simulated day. Does not belong here: what users do on a day (behaviour.py)
or how their row looks in a file (user_rows.py).
"""

from dataclasses import dataclass, fields

import numpy as np

from pipelines.world.parameters import (
    BASE_ORDER_RATE,
    BASE_VISIT_RATE,
    CHANNEL_SHARES,
    CHANNEL_VALUE,
    CHANNELS,
    HISTORY_DAYS,
    PERSONAS,
    REGISTERED_BEFORE_SHARE,
)

INFLUENCER_SHARE = 0.002
INFLUENCER_INVITE_FACTOR = 40.0
INFLUENCER_FOLLOW_FACTOR = 150.0
INVITE_DELAY_MEAN_DAYS = 14.0
SAME_PERSONA_SHARE = 0.5
"""Share of invited users that take the persona of their inviter; the rest are drawn like anyone."""
SAME_COMMUNITY_SHARE = 0.8
USERS_PER_COMMUNITY = 250
VISIT_SHAPE, ORDER_SHAPE, DROPOUT_SIGMA = 1.6, 2.5, 0.6
CONSENT_GIVEN, CONSENT_REFUSED, CONSENT_MISSING = 1, 0, -1
NEVER = np.int32(2**30)


@dataclass(frozen=True)
class Population:
    """One entry per user in each array; users are in random order, so blocks of neighbours are exchangeable.

    Days count from the first simulated day (negative = before it). `dropout_day` is the first day on which the user is
    gone.
    """

    persona: np.ndarray
    registered_day: np.ndarray
    dropout_day: np.ndarray
    visit_rate: np.ndarray
    order_rate: np.ndarray
    dropout_rate: np.ndarray
    campaign_taste: np.ndarray
    channel: np.ndarray
    inviter: np.ndarray
    invite_rate: np.ndarray
    influencer: np.ndarray
    community: np.ndarray
    follow_weight: np.ndarray
    consent: np.ndarray
    withdrawn_day: np.ndarray

    def __len__(self) -> int:
        """Return the number of users."""
        return len(self.persona)

    def block(self, first: int, last: int) -> "Population":
        """Return users first..last-1 as views, not copies."""
        return Population(**{field.name: getattr(self, field.name)[first:last] for field in fields(self)})


def build_population(users: int, *, days: int, seed: int) -> Population:
    """Return `users` users: trees of invitations grown from uninvited seeds until the number is reached.

    A user's invitations that lead to a registration are Poisson(invite_rate), each after a geometric delay of mean
    INVITE_DELAY_MEAN_DAYS; it happens only while the inviter has not dropped out and before the last day.
    """
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(0,)))
    batches: list[dict[str, np.ndarray]] = []
    total = 0
    while total < users:
        seeds = max(1, int((users - total) * 0.75))
        generation = _uninvited(rng, seeds, days=days, communities=max(4, users // USERS_PER_COMMUNITY))
        while len(generation["persona"]) and total < users:
            generation = {name: values[: users - total] for name, values in generation.items()}
            generation["number"] = np.arange(total, total + len(generation["persona"]))
            batches.append(generation)
            total += len(generation["persona"])
            generation = _invited(rng, generation, days=days)
    columns = {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0] if name != "number"}
    order = rng.permutation(users)
    place = np.empty(users, dtype=np.int32)
    place[order] = np.arange(users, dtype=np.int32)
    inviter = columns["inviter"]
    columns["inviter"] = np.where(inviter >= 0, place[np.maximum(inviter, 0)], -1).astype(np.int32)
    return Population(**{name: values[order] for name, values in columns.items()})


def _uninvited(rng: np.random.Generator, count: int, *, days: int, communities: int) -> dict[str, np.ndarray]:
    early = rng.random(count) < REGISTERED_BEFORE_SHARE
    registered = np.where(early, rng.integers(-HISTORY_DAYS, 0, count), rng.integers(0, days, count))
    persona = rng.choice(len(PERSONAS), count, p=[persona.share for persona in PERSONAS])
    channel = rng.choice(len(CHANNEL_SHARES), count, p=CHANNEL_SHARES)
    # Squaring a uniform gives many small and few large communities.
    community = (communities * rng.random(count) ** 2).astype(np.int32)
    return _with_traits(rng, persona, registered, channel, np.full(count, -1), community)


def _invited(rng: np.random.Generator, parents: dict[str, np.ndarray], *, days: int) -> dict[str, np.ndarray]:
    children = rng.poisson(parents["invite_rate"])
    parent = np.repeat(np.arange(len(children)), children)
    registered = parents["registered_day"][parent] + rng.geometric(1 / INVITE_DELAY_MEAN_DAYS, len(parent))
    kept = (registered < parents["dropout_day"][parent]) & (registered < days)
    parent, registered = parent[kept], registered[kept]
    count = len(parent)
    same = rng.random(count) < SAME_PERSONA_SHARE
    drawn = rng.choice(len(PERSONAS), count, p=[persona.share for persona in PERSONAS])
    persona = np.where(same, parents["persona"][parent], drawn)
    near = rng.random(count) < SAME_COMMUNITY_SHARE
    elsewhere = rng.permutation(parents["community"])[rng.integers(0, max(1, len(children)), count)]
    community = np.where(near, parents["community"][parent], elsewhere)
    channel = np.full(count, CHANNELS.index("invite"))
    return _with_traits(rng, persona, registered, channel, parents["number"][parent], community)


def _with_traits(
    rng: np.random.Generator,
    persona: np.ndarray,
    registered: np.ndarray,
    channel: np.ndarray,
    inviter: np.ndarray,
    community: np.ndarray,
) -> dict[str, np.ndarray]:
    count = len(persona)
    dropout_rate = draw_dropout_rates(rng, persona)
    influencer = rng.random(count) < INFLUENCER_SHARE
    consent = rng.choice([CONSENT_GIVEN, CONSENT_REFUSED, CONSENT_MISSING], count, p=[0.76, 0.11, 0.13])
    withdraws = (consent == CONSENT_GIVEN) & (rng.random(count) < 0.06)
    withdrawn = np.where(withdraws, np.maximum(registered, 0) + rng.integers(5, 300, count), NEVER)
    lived = rng.geometric(dropout_rate)
    return {
        "persona": persona.astype(np.int8),
        "registered_day": registered.astype(np.int32),
        "dropout_day": (registered + lived).astype(np.int32),
        "visit_rate": draw_visit_rates(rng, persona, channel),
        "order_rate": draw_order_rates(rng, persona),
        "dropout_rate": dropout_rate,
        "campaign_taste": draw_campaign_tastes(rng, persona).astype(np.float32),
        "channel": channel.astype(np.int8),
        "inviter": inviter.astype(np.int32),
        "invite_rate": (_of_persona("invites", persona) * np.where(influencer, INFLUENCER_INVITE_FACTOR, 1.0)).astype(
            np.float32
        ),
        "influencer": influencer,
        "community": community.astype(np.int32),
        "follow_weight": (rng.lognormal(0, 1, count) * np.where(influencer, INFLUENCER_FOLLOW_FACTOR, 1.0)).astype(
            np.float32
        ),
        "consent": consent.astype(np.int8),
        "withdrawn_day": withdrawn.astype(np.int32),
    }


def draw_dropout_rates(rng: np.random.Generator, persona: np.ndarray) -> np.ndarray:
    """Return a daily drop-out hazard per user: LogNormal(0, DROPOUT_SIGMA) times the persona's, at most 0.2."""
    return np.minimum(_of_persona("dropout", persona) * rng.lognormal(0, DROPOUT_SIGMA, len(persona)), 0.2)


def draw_visit_rates(rng: np.random.Generator, persona: np.ndarray, channel: np.ndarray) -> np.ndarray:
    """Return a visit rate per user: Gamma(VISIT_SHAPE, mean 1) times the persona's and the channel's factor."""
    factor = rng.gamma(VISIT_SHAPE, 1 / VISIT_SHAPE, len(persona))
    return BASE_VISIT_RATE * _of_persona("visits", persona) * factor * np.array(CHANNEL_VALUE)[channel]


def draw_order_rates(rng: np.random.Generator, persona: np.ndarray) -> np.ndarray:
    """Return an order rate per user: Gamma(ORDER_SHAPE, mean 1) times the persona's factor."""
    return BASE_ORDER_RATE * _of_persona("orders", persona) * rng.gamma(ORDER_SHAPE, 1 / ORDER_SHAPE, len(persona))


def draw_campaign_tastes(rng: np.random.Generator, persona: np.ndarray) -> np.ndarray:
    """Return what a contact of strength 1 adds to the log order rate of each user: Normal(mean of the persona, 0.25)."""
    return _of_persona("campaign", persona) + rng.normal(0, 0.25, len(persona))


def _of_persona(name: str, persona: np.ndarray) -> np.ndarray:
    return np.array([getattr(entry, name) for entry in PERSONAS])[persona]
