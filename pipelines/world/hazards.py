"""The daily probabilities of visit and order: one formula, used by the simulation and by the truth alike.

Belongs here: rates and probabilities of one user-day. Does not belong here: drawing (behaviour.py), horizons
(probabilities.py).
"""

from dataclasses import dataclass

import numpy as np

from pipelines.world.model import WorldModel
from pipelines.world.parameters import (
    GRIEVANCE_WEIGHT,
    INTENT_END,
    INTENT_ORDER_FACTOR,
    INTENT_START,
    INTENT_VISIT_FACTOR,
)
from pipelines.world.population import Population

STATIONARY_INTENT = INTENT_START / (INTENT_START + INTENT_END)


@dataclass(frozen=True)
class DayProbabilities:
    """Per user, without and with shopping intent: a visit, and an order attempt given a visit."""

    visit: tuple[np.ndarray, np.ndarray]
    attempt: tuple[np.ndarray, np.ndarray]


def day_probabilities(
    world: WorldModel, users: Population, day: int, *, grievance: np.ndarray, campaign_effect: np.ndarray | None = None
) -> DayProbabilities:
    """Return the probabilities of the day for living users.

    visit = 1 - exp(-visit_rate x calendar.visits x 3^intent); attempt = 1 - exp(-order_rate x calendar.orders x demand
    x 7^intent x exp(-0.8 grievance + campaign effect)).
    """
    persona = users.persona
    stays_away = np.exp(-users.visit_rate * world.calendar.visits[day][persona])
    log_factor = -GRIEVANCE_WEIGHT * grievance
    if campaign_effect is not None:
        log_factor = log_factor + campaign_effect
    shop_factor = world.calendar.orders[day] * world.catalogue.demand[day // 7]
    order_rate = users.order_rate * shop_factor[persona] * np.exp(log_factor)
    return DayProbabilities(
        visit=(1 - stays_away, 1 - stays_away**INTENT_VISIT_FACTOR),
        attempt=(1 - np.exp(-order_rate), 1 - np.exp(-INTENT_ORDER_FACTOR * order_rate)),
    )


def next_intent(without: np.ndarray, having: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of the two intent states after the change at the start of a day."""
    return without * (1 - INTENT_START) + having * INTENT_END, without * INTENT_START + having * (1 - INTENT_END)
