"""Who is followed: communities with popular members, a few of them influencers.

Belongs here: choosing whom a follow goes to. Does not belong here: when follows happen (events.py).
"""

from dataclasses import dataclass

import numpy as np

from pipelines.world.population import Population

WITHIN_COMMUNITY_SHARE = 0.75


@dataclass(frozen=True)
class FollowGraph:
    """Users sorted by community with running sums of their follow weights."""

    member: np.ndarray
    running_weight: np.ndarray
    community_end: np.ndarray

    def choose(self, rng: np.random.Generator, community: np.ndarray) -> np.ndarray:
        """Return one user per follow: of the follower's community with WITHIN_COMMUNITY_SHARE, else of all, by
        weight.
        """
        count = len(community)
        within = rng.random(count) < WITHIN_COMMUNITY_SHARE
        ends = np.concatenate([[0.0], self.running_weight[self.community_end - 1]])
        low = np.where(within, ends[community], 0.0)
        high = np.where(within, ends[community + 1], self.running_weight[-1])
        place = np.searchsorted(self.running_weight, low + (high - low) * rng.random(count), side="right")
        return self.member[np.minimum(place, len(self.member) - 1)]


def build_follow_graph(population: Population) -> FollowGraph:
    """Return the graph; communities without members borrow the end of the one before and are never asked for."""
    member = np.argsort(population.community, kind="stable").astype(np.int32)
    sizes = np.bincount(population.community)
    return FollowGraph(
        member=member,
        running_weight=np.cumsum(population.follow_weight[member], dtype=np.float64),
        community_end=np.maximum(np.cumsum(sizes), 1),
    )
