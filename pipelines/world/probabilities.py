"""True probabilities ahead of a date, by exact recursion over the hidden states; nothing is simulated.

Belongs here: purchase, inactivity and drop-out within a horizon. Does not belong here: the hazards themselves
(hazards.py).
"""

from dataclasses import dataclass

import numpy as np

from pipelines.world.hazards import day_probabilities, next_intent
from pipelines.world.model import WorldModel
from pipelines.world.parameters import GRIEVANCE_DECAY, PAID_SHARE
from pipelines.world.population import Population


@dataclass(frozen=True)
class HiddenState:
    """What the model knows of each user of a block before a day begins.

    `grievance` (users,), `pending` (days, users): grievance that deliveries already under way will add on day d at row
    d modulo the number of rows. `belief` (3, users): probability of alive without intent, alive with intent, gone,
    given all visits and orders so far and the user's own rates.
    """

    day: int
    alive: np.ndarray
    intent: np.ndarray
    grievance: np.ndarray
    pending: np.ndarray
    belief: np.ndarray


@dataclass(frozen=True)
class Outlook:
    """Probability of a paid order and of a visit in the horizon, for users alive at its start, by intent (2, users)."""

    purchase: np.ndarray
    visit: np.ndarray


def outlooks(
    world: WorldModel,
    users: Population,
    state: HiddenState,
    horizons: tuple[int, ...],
    *,
    campaign_effect: np.ndarray | None = None,
) -> dict[int, Outlook]:
    """Return the outlook of each horizon (days) from `state.day`.

    Forward recursion over w_z = P(alive, intent z, no paid order yet): survive the day, change intent, then a paid
    order happens with q_z c_z PAID_SHARE. Exact because until the first paid order nothing a user does changes the
    hazards: deliveries under way are fixed in `pending`, and unpaid, cancelled and failed attempts leave no trace. The
    same holds for the first visit.
    """
    count = len(users)
    survive = 1 - users.dropout_rate
    no_order = [np.stack([np.ones(count), np.zeros(count)]), np.stack([np.zeros(count), np.ones(count)])]
    no_visit = [part.copy() for part in no_order]
    purchase, visit = np.zeros((2, count)), np.zeros((2, count))
    grievance, pending = state.grievance, len(state.pending)
    results: dict[int, Outlook] = {}
    for step in range(max(horizons)):
        day = state.day + step
        grievance = grievance * GRIEVANCE_DECAY
        if step < pending:
            grievance = grievance + state.pending[day % pending]
        chances = day_probabilities(world, users, day, grievance=grievance, campaign_effect=campaign_effect)
        no_order = list(next_intent(no_order[0] * survive, no_order[1] * survive))
        no_visit = list(next_intent(no_visit[0] * survive, no_visit[1] * survive))
        for intent in (0, 1):
            ordered = no_order[intent] * (chances.visit[intent] * chances.attempt[intent] * PAID_SHARE)
            purchase += ordered
            no_order[intent] -= ordered
            visited = no_visit[intent] * chances.visit[intent]
            visit += visited
            no_visit[intent] -= visited
        if step + 1 in horizons:
            results[step + 1] = Outlook(purchase=purchase.copy(), visit=visit.copy())
    return results


def of_hidden_state(outlook: np.ndarray, state: HiddenState) -> np.ndarray:
    """Return the probability for each user's true state: zero for users who are gone."""
    return np.where(state.alive, np.where(state.intent, outlook[1], outlook[0]), 0.0)


def of_belief(outlook: np.ndarray, state: HiddenState) -> np.ndarray:
    """Return the probability given the visits and orders so far: the states weighted by their belief."""
    return state.belief[0] * outlook[0] + state.belief[1] * outlook[1]


def dropout_probability(users: Population, horizon: int) -> np.ndarray:
    """Return, for living users, 1 - (1 - dropout_rate)^horizon: the drop-out hazard is constant over a user's life."""
    return 1 - (1 - users.dropout_rate) ** horizon
