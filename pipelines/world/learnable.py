"""The best score that the sources alone allow: users' own rates are not known but learnt, exactly, from what they did.

`probabilities.py` gives the belief of a judge who knows each user's rates. A model must learn them from one short
history per user. Here the same filter runs over many hypothetical users per user, drawn from the model's own
distributions, and each counts by how probable it makes the user's history (importance sampling from the prior). What
remains is the error of the draws. Belongs here: this average. Does not belong here: judging a score (recovery.py).
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from pipelines.world.behaviour import (
    NO_ATTEMPT,
    PAID,
    BlockLife,
    Seen,
    campaign_effect,
    first_belief,
    updated_belief,
)
from pipelines.world.hazards import day_probabilities
from pipelines.world.model import WorldModel
from pipelines.world.parameters import DEFECT_GRIEVANCE, GRIEVANCE_DECAY, LATE_GRIEVANCE, MAX_DELIVERY_DAYS, PERSONAS
from pipelines.world.population import (
    Population,
    draw_campaign_tastes,
    draw_dropout_rates,
    draw_order_rates,
    draw_visit_rates,
)
from pipelines.world.probabilities import HiddenState, of_belief, outlooks

CHUNK_USERS = 40
LATE_DAYS_AT_MOST = 10


@dataclass(frozen=True)
class Learnable:
    """Per chosen user and horizon: probabilities given the sources alone, and how many draws really counted."""

    users: np.ndarray
    purchase: dict[int, np.ndarray]
    inactivity: dict[int, np.ndarray]
    effective_draws: np.ndarray


def learnable_probabilities(
    world: WorldModel, life: BlockLife, users: np.ndarray, *, day: int, horizons: tuple[int, ...], draws: int = 512
) -> Learnable:
    """Return the posterior mean of purchase and inactivity probability of users of a block, registered before `day`.

    Known: registration, channel, visits with their depth, attempts, deliveries, contacts, and the constants of the
    model. Not known: persona, rates, campaign taste, hidden states. Cost grows with users x draws x days.
    """
    parts = [
        _of_chunk(world, life, users[first : first + CHUNK_USERS], day=day, horizons=horizons, draws=draws)
        for first in range(0, len(users), CHUNK_USERS)
    ]
    return Learnable(
        users,
        {horizon: np.concatenate([part.purchase[horizon] for part in parts]) for horizon in horizons},
        {horizon: np.concatenate([part.inactivity[horizon] for part in parts]) for horizon in horizons},
        np.concatenate([part.effective_draws for part in parts]),
    )


def _of_chunk(
    world: WorldModel, life: BlockLife, users: np.ndarray, *, day: int, horizons: tuple[int, ...], draws: int
) -> Learnable:
    people = _hypothetical(world, life, users, draws)
    treated = np.repeat(life.treated[:, users], draws, axis=1)
    visits = _visits_by_day(life, users, day)
    pending = _pending_grievance(life, users, day)
    belief, log_evidence = first_belief(people), np.zeros(len(people))
    grievance = np.zeros(len(users))
    for past in range(day):
        grievance = grievance * GRIEVANCE_DECAY + pending[past]
        chances = day_probabilities(
            world,
            people,
            past,
            grievance=np.repeat(grievance, draws),
            campaign_effect=campaign_effect(world, people, treated, past),
        )
        seen = Seen(
            people.registered_day == past, people.registered_day <= past, *np.repeat(visits[past], draws, axis=1)
        )
        belief, evidence = updated_belief(belief, people, chances, seen)
        log_evidence += np.log(np.maximum(evidence, np.finfo(float).tiny))
    weight = np.exp(log_evidence.reshape(-1, draws) - log_evidence.reshape(-1, draws).max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    ahead = np.stack([pending[day + (slot - day) % MAX_DELIVERY_DAYS] for slot in range(MAX_DELIVERY_DAYS)])
    nobody = np.zeros(len(people), dtype=bool)
    state = HiddenState(day, nobody, nobody, np.repeat(grievance, draws), np.repeat(ahead, draws, axis=1), belief)
    found = outlooks(world, people, state, horizons)

    def mean(values: np.ndarray) -> np.ndarray:
        return (weight * of_belief(values, state).reshape(-1, draws)).sum(axis=1)

    return Learnable(
        users,
        {horizon: mean(found[horizon].purchase) for horizon in horizons},
        {horizon: 1 - mean(found[horizon].visit) for horizon in horizons},
        1 / (weight**2).sum(axis=1),
    )


def _hypothetical(world: WorldModel, life: BlockLife, users: np.ndarray, draws: int) -> Population:
    """Return `draws` users for each, alike in what a source tells and drawn in what none does."""
    rows = np.repeat(users, draws)
    alike = Population(**{field.name: getattr(life.users, field.name)[rows] for field in fields(Population)})
    rng = np.random.default_rng(
        np.random.SeedSequence(entropy=world.seed, spawn_key=(99, life.first_user, int(users[0])))
    )
    persona = rng.choice(len(PERSONAS), len(rows), p=[persona.share for persona in PERSONAS])
    return replace(
        alike,
        persona=persona,
        visit_rate=draw_visit_rates(rng, persona, alike.channel),
        order_rate=draw_order_rates(rng, persona),
        dropout_rate=draw_dropout_rates(rng, persona),
        campaign_taste=draw_campaign_tastes(rng, persona),
    )


def _visits_by_day(life: BlockLife, users: np.ndarray, day: int) -> np.ndarray:
    """Return (days, 4, users): visited, deep, attempted, paid."""
    place = np.full(len(life.users), -1)
    place[users] = np.arange(len(users))
    visits = life.visits
    rows = np.flatnonzero((place[visits.user] >= 0) & (visits.day < day))
    seen = np.zeros((day, 4, len(users)), dtype=bool)
    at = visits.day[rows], place[visits.user[rows]]
    seen[at[0], 0, at[1]] = True
    seen[at[0], 1, at[1]] = visits.deep[rows]
    seen[at[0], 2, at[1]] = visits.outcome[rows] != NO_ATTEMPT
    seen[at[0], 3, at[1]] = visits.outcome[rows] == PAID
    return seen


def _pending_grievance(life: BlockLife, users: np.ndarray, day: int) -> np.ndarray:
    """Return (days, users): the grievance that deliveries of orders before `day` add, on the day they arrive."""
    place = np.full(len(life.users), -1)
    place[users] = np.arange(len(users))
    paid = life.visits.outcome == PAID
    buyer, ordered = place[life.visits.user[paid]], life.visits.day[paid]
    parcels = life.deliveries
    late = np.clip(parcels.delivered_day - parcels.promised_day, 0, LATE_DAYS_AT_MOST)
    grievance = LATE_GRIEVANCE * late + DEFECT_GRIEVANCE * parcels.defect
    known = (buyer >= 0) & (ordered < day)
    added = np.zeros((day + MAX_DELIVERY_DAYS, len(users)))
    np.add.at(added, (parcels.delivered_day[known], buyer[known]), grievance[known])
    return added
