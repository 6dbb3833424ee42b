"""Randomised campaigns: when they run, who may be contacted, and what a contact does to the order rate.

Belongs here: plan and individual effect on the rate. Does not belong here: the effect on probabilities
(probabilities.py).
"""

from dataclasses import dataclass

import numpy as np

from pipelines.world.parameters import CAMPAIGN_TREATED_SHARE, CAMPAIGN_WINDOW_DAYS
from pipelines.world.population import CONSENT_GIVEN, Population

FIRST_DAY, EVERY_DAYS = 40, 45


@dataclass(frozen=True)
class Campaign:
    """One campaign: `strength` scales each user's campaign taste, which is added to the log order rate of contacted
    users.
    """

    campaign_id: str
    day: int
    strength: float

    @property
    def last_day(self) -> int:
        """Return the first day after the window in which a contact works."""
        return self.day + CAMPAIGN_WINDOW_DAYS


def plan_campaigns(days: int) -> tuple[Campaign, ...]:
    """Return the campaigns of a world: one every EVERY_DAYS days whose window closes before the end; windows never
    overlap.
    """
    first_days = range(FIRST_DAY, days - CAMPAIGN_WINDOW_DAYS + 1, EVERY_DAYS)
    strengths = (1.0, 1.6, 0.7)
    return tuple(
        Campaign(f"camp-{number + 1:02d}", day, strengths[number % len(strengths)])
        for number, day in enumerate(first_days)
    )


def eligible_users(campaign: Campaign, users: Population) -> np.ndarray:
    """Return, per user, whether a contact is allowed: registered before the day, with consent that is not withdrawn
    by then.
    """
    return (
        (users.registered_day < campaign.day) & (users.consent == CONSENT_GIVEN) & (users.withdrawn_day > campaign.day)
    )


def draw_treated(rng: np.random.Generator, eligible: np.ndarray) -> np.ndarray:
    """Return, per user, whether the coin chose a contact; never true for users who are not eligible."""
    return eligible & (rng.random(len(eligible)) < CAMPAIGN_TREATED_SHARE)


def rate_effect(campaign: Campaign, users: Population) -> np.ndarray:
    """Return, per user, what a contact adds to the log order rate inside the window (negative for some)."""
    return (campaign.strength * users.campaign_taste).astype(np.float64)
