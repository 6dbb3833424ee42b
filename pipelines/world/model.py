"""The world of one set of arguments: what every block of users needs to be simulated on its own.

Belongs here: putting population, catalogue, calendar and campaigns together. Does not belong here: simulation.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from pipelines.world.campaigns import Campaign, plan_campaigns
from pipelines.world.catalogue import Catalogue, build_catalogue
from pipelines.world.follow_graph import FollowGraph, build_follow_graph
from pipelines.world.parameters import BLOCK_USERS, HORIZONS, TIME_ZONE_OFFSET_S
from pipelines.world.population import Population, build_population
from pipelines.world.seasons import Calendar, build_calendar

TRUTH_LEADS_DAYS = (28, 90, 180)
"""True probabilities are written for the dates this many days before the end of the world."""


@dataclass(frozen=True)
class WorldModel:
    """All that blocks share. Days count from `start`; the calendar and prices reach past the end by the longest
    horizon.
    """

    users: int
    days: int
    seed: int
    start: date
    population: Population
    follow_graph: FollowGraph
    catalogue: Catalogue
    invited: np.ndarray
    """User numbers of all invited users, sorted by their inviter."""
    calendar: Calendar
    campaigns: tuple[Campaign, ...]
    truth_days: tuple[int, ...]

    @property
    def blocks(self) -> int:
        """Return the number of blocks of users, each with its own random stream."""
        return -(-self.users // BLOCK_USERS)

    def invited_by_block(self, block: int) -> np.ndarray:
        """Return the numbers of the users whose inviter is in the block, sorted by inviter."""
        inviters = self.population.inviter[self.invited]
        first, last = np.searchsorted(inviters, [block * BLOCK_USERS, (block + 1) * BLOCK_USERS])
        return self.invited[first:last]

    def random(self, stage: int, block: int) -> np.random.Generator:
        """Return the random stream of a stage (2 or more) of a block: the same whatever else is generated before it."""
        return np.random.default_rng(np.random.SeedSequence(entropy=self.seed, spawn_key=(stage, block)))

    def utc_microseconds(self, local_seconds: np.ndarray) -> np.ndarray:
        """Return microseconds since 1970 in UTC of seconds since local midnight of the first day."""
        first = int(datetime(self.start.year, self.start.month, self.start.day, tzinfo=UTC).timestamp())
        return ((local_seconds + (first - TIME_ZONE_OFFSET_S)) * 1_000_000).astype(np.int64)

    def date_of(self, day: int) -> date:
        """Return the business date of a day number."""
        return self.start + timedelta(days=day)


def build_model(*, users: int, days: int, seed: int, start: date) -> WorldModel:
    """Return the world of these arguments; equal arguments give an equal world."""
    reach = days + max(HORIZONS)
    population = build_population(users, days=days, seed=seed)
    by_inviter = np.argsort(population.inviter, kind="stable").astype(np.int32)
    return WorldModel(
        users=users,
        days=days,
        seed=seed,
        start=start,
        population=population,
        follow_graph=build_follow_graph(population),
        catalogue=build_catalogue(users, days=reach, seed=seed),
        invited=by_inviter[np.count_nonzero(population.inviter < 0) :],
        calendar=build_calendar(start, reach),
        campaigns=plan_campaigns(days),
        truth_days=tuple(sorted(days - lead for lead in TRUTH_LEADS_DAYS if days - lead >= min(HORIZONS))),
    )
