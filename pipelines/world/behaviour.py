"""One block of users lived day by day: visits, order attempts, deliveries under way, and the state at the truth dates.

Belongs here: drawing what happens and the exact belief about hidden states. Does not belong here: rows of any file.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.world.campaigns import draw_treated, eligible_users, rate_effect
from pipelines.world.hazards import STATIONARY_INTENT, DayProbabilities, day_probabilities, next_intent
from pipelines.world.model import WorldModel
from pipelines.world.parameters import (
    BLOCK_USERS,
    CANCELLED_SHARE,
    CARRIER_LATE_FACTORS,
    DEEP_VISIT_GIVEN_INTENT,
    DEFECT_GRIEVANCE,
    DEFECT_SHARE,
    FAILED_GROUP_SHARE,
    GRIEVANCE_DECAY,
    INTENT_END,
    INTENT_START,
    LATE_GRIEVANCE,
    MAX_DELIVERY_DAYS,
    PAID_SHARE,
)
from pipelines.world.population import Population
from pipelines.world.probabilities import HiddenState

NO_ATTEMPT, PAID, CANCELLED, FAILED_GROUP, UNPAID = 0, 1, 2, 3, 4
_OUTCOME_LIMITS = np.cumsum([PAID_SHARE, CANCELLED_SHARE, FAILED_GROUP_SHARE])
LATE_SHARE, LATE_MEAN_DAYS = 0.10, 2.5


@dataclass(frozen=True)
class Visits:
    """One row per user and day with a visit, by day: user within the block, day, deep or shallow, outcome of the
    attempt.
    """

    user: np.ndarray
    day: np.ndarray
    deep: np.ndarray
    outcome: np.ndarray


@dataclass(frozen=True)
class Deliveries:
    """One row per paid order in the order of the paid visits: carrier, promised and true day, whether the goods were
    faulty.
    """

    carrier: np.ndarray
    promised_day: np.ndarray
    delivered_day: np.ndarray
    defect: np.ndarray


@dataclass(frozen=True)
class BlockLife:
    """Everything that happened to a block, with hidden states at truth days and campaign days (keys are days)."""

    first_user: int
    users: Population
    visits: Visits
    deliveries: Deliveries
    states: dict[int, HiddenState]
    treated: np.ndarray
    """(campaigns, users): contacted by the campaign."""
    eligible: np.ndarray
    """(campaigns, users): the campaign's coin was tossed for the user."""


def live_block(world: WorldModel, block: int) -> BlockLife:
    """Return the life of a block of users; it depends on the world and the block number only."""
    first = block * BLOCK_USERS
    users = world.population.block(first, min(first + BLOCK_USERS, world.users))
    count = len(users)
    treated_rng, rng = world.random(2, block), world.random(3, block)
    treated = np.zeros((len(world.campaigns), count), dtype=bool)
    eligible = np.zeros_like(treated)
    for number, campaign in enumerate(world.campaigns):
        eligible[number] = eligible_users(campaign, users)
        treated[number] = draw_treated(treated_rng, eligible[number])
    wanted_states = {*world.truth_days, *(campaign.day for campaign in world.campaigns)}

    intent = rng.random(count) < STATIONARY_INTENT
    grievance = np.zeros(count)
    pending = np.zeros((MAX_DELIVERY_DAYS, count))
    belief = first_belief(users)
    states: dict[int, HiddenState] = {}
    visit_rows: list[tuple[int, np.ndarray, np.ndarray, np.ndarray]] = []
    delivery_rows: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []
    for day in range(world.days):
        here = users.registered_day <= day
        alive = here & (users.dropout_day > day)
        if day in wanted_states:
            # As the day before left it: the survival of this day belongs to what lies ahead.
            was_alive = (users.registered_day < day) & (users.dropout_day > day - 1)
            states[day] = HiddenState(day, was_alive, intent.copy(), grievance.copy(), pending.copy(), belief.copy())
        slot = day % MAX_DELIVERY_DAYS
        grievance = grievance * GRIEVANCE_DECAY + pending[slot]
        pending[slot] = 0
        effect = campaign_effect(world, users, treated, day)
        chances = day_probabilities(world, users, day, grievance=grievance, campaign_effect=effect)
        draws = rng.random((5, count))
        intent = np.where(intent, draws[0] >= INTENT_END, draws[0] < INTENT_START)
        new = users.registered_day == day
        visited = alive & (new | (draws[1] < np.where(intent, *chances.visit[::-1])))
        deep = draws[2] < np.where(intent, DEEP_VISIT_GIVEN_INTENT[1], DEEP_VISIT_GIVEN_INTENT[0])
        attempted = visited & (draws[3] < np.where(intent, *chances.attempt[::-1]))
        paid = attempted & (draws[4] < PAID_SHARE)
        belief = updated_belief(belief, users, chances, Seen(new, here, visited, deep, attempted, paid))[0]
        intent &= ~paid
        visitors = np.flatnonzero(visited)
        outcome = np.where(
            attempted[visitors], 1 + np.searchsorted(_OUTCOME_LIMITS, draws[4][visitors], side="right"), NO_ATTEMPT
        )
        visit_rows.append((day, visitors.astype(np.int32), deep[visitors], outcome.astype(np.int8)))
        buyers = np.flatnonzero(paid)
        if len(buyers):
            delivery = _deliver(rng, day, len(buyers), world.calendar.festival[day])
            delivery_rows.append(delivery)
            late = np.minimum(np.maximum(delivery[2] - delivery[1], 0), 10)
            pending[delivery[2] % MAX_DELIVERY_DAYS, buyers] += LATE_GRIEVANCE * late + DEFECT_GRIEVANCE * delivery[3]
    return BlockLife(first, users, _visits(visit_rows), _deliveries(delivery_rows), states, treated, eligible)


def first_belief(users: Population) -> np.ndarray:
    """Return the belief before the first day; shape (3, users), states as in `HiddenState`."""
    # Users registered before the first day may have left by then; later users are alive when they register.
    alive = (1 - users.dropout_rate) ** np.maximum(-users.registered_day - 1, 0)
    return np.stack([alive * (1 - STATIONARY_INTENT), alive * STATIONARY_INTENT, 1 - alive])


@dataclass(frozen=True)
class Seen:
    """What an observer of the sources sees of each user on a day."""

    new: np.ndarray
    here: np.ndarray
    visited: np.ndarray
    deep: np.ndarray
    attempted: np.ndarray
    paid: np.ndarray


def updated_belief(
    belief: np.ndarray, users: Population, chances: DayProbabilities, seen: Seen
) -> tuple[np.ndarray, np.ndarray]:
    """Return the belief after a day and how probable what was seen had been: a step of a hidden Markov model.

    The states are those of `HiddenState`; both by Bayes' rule given the users' rates.
    """
    # The registration day is survived, and comes with a visit, by definition.
    survive = np.where(seen.new, 1.0, 1 - users.dropout_rate)
    before = next_intent(belief[0] * survive, belief[1] * survive)
    updated = np.empty_like(belief)
    for state in (0, 1):
        visit = np.where(seen.new, 1.0, chances.visit[state])
        depth = np.where(seen.deep, DEEP_VISIT_GIVEN_INTENT[state], 1 - DEEP_VISIT_GIVEN_INTENT[state])
        act = np.where(seen.attempted, chances.attempt[state], 1 - chances.attempt[state])
        updated[state] = before[state] * np.where(seen.visited, visit * depth * act, 1 - visit)
    updated[2] = np.where(seen.visited, 0.0, belief[2] + (belief[0] + belief[1]) * (1 - survive))
    evidence = np.where(seen.here, updated.sum(axis=0), 1.0)
    # A paid order ends the intent.
    updated[0] += np.where(seen.paid, updated[1], 0.0)
    updated[1] = np.where(seen.paid, 0.0, updated[1])
    return np.where(seen.here, updated / updated.sum(axis=0), belief), evidence


def campaign_effect(world: WorldModel, users: Population, treated: np.ndarray, day: int) -> np.ndarray | None:
    """Return what contacts add to the log order rate on a day; `treated` is (campaigns, users), None without campaign."""
    for number, campaign in enumerate(world.campaigns):
        if campaign.day <= day < campaign.last_day:
            return np.where(treated[number], rate_effect(campaign, users), 0.0)
    return None


def _deliver(
    rng: np.random.Generator, day: int, count: int, festival: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    carrier = rng.integers(0, len(CARRIER_LATE_FACTORS), count)
    transit = rng.integers(2, 5, count)
    late_share = np.minimum(LATE_SHARE * np.array(CARRIER_LATE_FACTORS)[carrier] * festival, 0.8)
    late = (rng.random(count) < late_share) * rng.geometric(1 / LATE_MEAN_DAYS, count)
    promised = np.full(count, day + 4)
    arrived = np.minimum(day + transit + 2 * (late > 0) + late, day + MAX_DELIVERY_DAYS - 1)
    return carrier, promised, arrived, rng.random(count) < DEFECT_SHARE


def _visits(rows: list[tuple[int, np.ndarray, np.ndarray, np.ndarray]]) -> Visits:
    days = np.repeat(np.array([row[0] for row in rows], dtype=np.int32), [len(row[1]) for row in rows])
    return Visits(
        user=np.concatenate([row[1] for row in rows]),
        day=days,
        deep=np.concatenate([row[2] for row in rows]),
        outcome=np.concatenate([row[3] for row in rows]),
    )


def _deliveries(rows: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]) -> Deliveries:
    columns = [np.concatenate([row[place] for row in rows]) if rows else np.zeros(0, dtype=int) for place in range(4)]
    return Deliveries(*columns)
