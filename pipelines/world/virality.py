"""The truth about invitations: K from the rates, and what each influencer brought.

Belongs here: K and cascades. Does not belong here: growing the invitation trees (population.py).
"""

import numpy as np
import pyarrow as pa

from pipelines.world.events import user_ids
from pipelines.world.model import WorldModel
from pipelines.world.outside import INVITE_CONVERSION
from pipelines.world.population import INVITE_DELAY_MEAN_DAYS

INVITE_CYCLE_DAYS = 28


def virality_truth(world: WorldModel) -> pa.Table:
    """Return one row: K per cycle = mean over users of invite_rate x P(delay <= cycle and inviter alive), by geometric
    sums.

    With p = 1 / mean delay and s = 1 - dropout_rate the probability is p s (1 - ((1-p) s)^cycle) / (1 - (1-p) s).
    """
    population = world.population
    chance, survive = 1 / INVITE_DELAY_MEAN_DAYS, 1 - population.dropout_rate
    ratio = (1 - chance) * survive
    within = chance * survive * (1 - ratio**INVITE_CYCLE_DAYS) / (1 - ratio)
    k_cycle = float(np.mean(population.invite_rate * within))
    k_life = float(np.mean(population.invite_rate * chance * survive / (1 - ratio)))
    return pa.table(
        {
            "cycle_days": pa.array([INVITE_CYCLE_DAYS], pa.int32()),
            "k": [k_cycle],
            "k_lifetime": [k_life],
            "invites_per_user": [k_cycle / INVITE_CONVERSION],
            "conversion_per_invite": [INVITE_CONVERSION],
            "cycle_time_mean_days": [INVITE_DELAY_MEAN_DAYS],
            "invited_users": pa.array([int(np.count_nonzero(population.inviter >= 0))]),
        }
    )


def influencer_truth(world: WorldModel) -> pa.Table:
    """Return one row per influencer: community, popularity, users invited directly and in the whole tree below."""
    population = world.population
    direct = np.bincount(population.inviter[population.inviter >= 0], minlength=len(population))
    cascade = cascade_sizes(population.inviter)
    chosen = np.flatnonzero(population.influencer)
    return pa.table(
        {
            "user_id": user_ids(chosen),
            "community": pa.array(population.community[chosen]),
            "follow_weight": pa.array(population.follow_weight[chosen]),
            "invited_users": pa.array(direct[chosen]),
            "cascade_users": pa.array(cascade[chosen]),
        }
    )


def cascade_sizes(inviter: np.ndarray) -> np.ndarray:
    """Return, per user, the number of users below them in the invitation tree (`inviter` is -1 for nobody)."""
    sizes = np.zeros(len(inviter), dtype=np.int64)
    ancestor = inviter.copy()
    # Each round climbs one generation: every user counts once for each ancestor.
    while np.any(ancestor >= 0):
        below = ancestor >= 0
        sizes += np.bincount(ancestor[below], minlength=len(inviter))
        ancestor = np.where(below, inviter[np.maximum(ancestor, 0)], -1)
    return sizes
