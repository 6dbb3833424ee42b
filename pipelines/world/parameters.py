"""The constants of the simulated shop: personas, categories, channels and rates.

Belongs here: every number of the generative model that docs/simulated-world.md states. Does not belong here: anything
drawn at random (population.py, catalogue.py) or computed per day (hazards.py).
"""

from dataclasses import dataclass
from typing import Final

BLOCK_USERS: Final = 8192
"""Users that share one random stream. Part of the model: another value gives another world."""

TIME_ZONE_OFFSET_S: Final = 8 * 3600
"""Asia/Shanghai has been UTC+8 without summer time since 1991; a simulated day is a Shanghai calendar day."""

HORIZONS: Final = (28, 90)
"""Days ahead for which true probabilities are written."""

CATEGORIES: Final = ("apparel", "beauty", "home", "food", "baby", "electronics", "sports", "books")
ELASTICITIES: Final = (-1.6, -1.2, -1.4, -0.7, -0.9, -2.1, -1.5, -1.1)
"""True d ln(expected lines) / d ln(price) of a product, by category."""
PRICE_MEDIANS: Final = (129.0, 89.0, 69.0, 35.0, 99.0, 499.0, 159.0, 42.0)
MARGINS: Final = (0.55, 0.6, 0.45, 0.3, 0.4, 0.18, 0.45, 0.35)

CHANNELS: Final = ("organic", "search_ads", "social_ads", "kol", "offline", "invite")
CHANNEL_SHARES: Final = (0.34, 0.22, 0.24, 0.10, 0.10)
"""Arrival of users who were not invited; invited users come by `invite`."""
CHANNEL_COSTS: Final = (0.0, 38.0, 24.0, 55.0, 18.0, 10.0)
"""Mean cost of one registration in CNY."""
CHANNEL_VALUE: Final = (1.1, 1.0, 0.8, 1.15, 0.9, 1.2)
"""Factor on the visit rate of users who came by the channel."""

REGIONS: Final = (
    ("Shanghai", 1), ("Beijing", 1), ("Guangdong", 1), ("Zhejiang", 2), ("Jiangsu", 2), ("Sichuan", 2),
    ("Hubei", 2), ("Shandong", 3), ("Henan", 3), ("Hunan", 3), ("Anhui", 4), ("Yunnan", 4),
)  # fmt: skip
OCCUPATIONS: Final = ("student", "office", "self_employed", "teacher", "medical", "worker", "retired", "homemaker")
INCOME_BANDS: Final = ("<5k", "5k-10k", "10k-20k", "20k-40k", ">40k")
AGE_BANDS: Final = ("<18", "18-24", "25-34", "35-44", "45-54", "55+")
AGE_BAND_STARTS: Final = (18, 25, 35, 45, 55)
CARRIERS: Final = ("SF", "ZTO", "YTO", "JD", "EMS")
CARRIER_LATE_FACTORS: Final = (0.5, 1.1, 1.3, 0.6, 1.5)
DEVICES: Final = ("ios", "android", "mini_program", "web")
EVENT_CHANNELS: Final = ("app", "mini_program", "web", "push", "share_link")
EVENT_TYPES: Final = (
    "view", "search", "cart", "favourite", "checkout", "purchase", "share", "like",
    "comment", "follow", "invite", "join_group", "open_app", "live_join", "push_open",
)  # fmt: skip

INTENT_VISIT_FACTOR: Final = 3.0
INTENT_ORDER_FACTOR: Final = 7.0
INTENT_START: Final = 0.035
"""Daily probability that a living user without shopping intent gains it."""
INTENT_END: Final = 0.16
"""Daily probability that intent is lost without a purchase; a paid order ends it at once."""
DEEP_VISIT_GIVEN_INTENT: Final = (0.15, 0.80)
"""Probability that a visit is deep (more searches, carts, favourites), without and with intent."""

GRIEVANCE_DECAY: Final = 0.97
GRIEVANCE_WEIGHT: Final = 0.8
"""The order rate is multiplied by exp(-GRIEVANCE_WEIGHT x grievance)."""
LATE_GRIEVANCE: Final = 0.15
"""Grievance added on the delivery day for each day of lateness, at most ten days counted."""
DEFECT_SHARE: Final = 0.03
DEFECT_GRIEVANCE: Final = 0.6
MAX_DELIVERY_DAYS: Final = 32

UNPAID_SHARE: Final = 0.02
CANCELLED_SHARE: Final = 0.045
"""Of order attempts; neither kind of attempt changes the state of the user."""
FAILED_GROUP_SHARE: Final = 0.02
PAID_SHARE: Final = 1.0 - UNPAID_SHARE - CANCELLED_SHARE - FAILED_GROUP_SHARE

BASE_VISIT_RATE: Final = 0.120
BASE_ORDER_RATE: Final = 0.150

REGISTERED_BEFORE_SHARE: Final = 0.45
HISTORY_DAYS: Final = 500
"""Users registered before the first day did so at most this many days earlier."""

CAMPAIGN_TREATED_SHARE: Final = 0.5
CAMPAIGN_WINDOW_DAYS: Final = 7


@dataclass(frozen=True)
class Persona:
    """A latent type of user; rates are factors on the base rates, shares are 0..1."""

    name: str
    share: float
    visits: float
    orders: float
    dropout: float
    """Daily drop-out hazard of the median user."""
    festival: float
    """Exponent on the festival factor of the order rate."""
    campaign: float
    """Mean effect of a campaign contact on the log order rate."""
    group: float
    invites: float
    """Mean number of invitations of an ordinary user that lead to a registration."""
    female: float
    age_mean: float
    age_sd: float
    english: float
    """Share of feedback texts in English."""
    taste: tuple[float, ...]
    weekdays: tuple[float, ...]
    """Visit factors Monday to Sunday."""
    peak_hours: tuple[tuple[float, float, float], ...]
    """Mixture of (weight, mean hour, sd) for the start of a visit."""


PERSONAS: Final = (
    Persona("fashion_young", 0.22, 1.35, 1.10, 0.0022, 1.15, 0.35, 0.12, 0.22, 0.86, 24.0, 4.0, 0.10,
            (0.42, 0.30, 0.05, 0.08, 0.01, 0.04, 0.06, 0.04), (0.9, 0.9, 0.9, 0.95, 1.15, 1.3, 1.25),
            ((0.25, 12.5, 1.2), (0.75, 21.5, 1.8))),
    Persona("family_purchaser", 0.20, 1.05, 1.45, 0.0014, 0.95, 0.25, 0.22, 0.16, 0.68, 37.0, 6.0, 0.04,
            (0.10, 0.07, 0.24, 0.26, 0.22, 0.03, 0.03, 0.05), (1.0, 0.95, 0.95, 1.0, 1.0, 1.2, 1.1),
            ((0.35, 10.0, 1.5), (0.65, 20.5, 1.5))),
    Persona("busy_professional", 0.17, 0.70, 1.25, 0.0020, 0.70, 0.05, 0.03, 0.06, 0.44, 34.0, 6.0, 0.25,
            (0.16, 0.08, 0.14, 0.12, 0.05, 0.25, 0.12, 0.08), (1.1, 1.1, 1.1, 1.05, 0.9, 0.8, 0.9),
            ((0.3, 8.3, 0.8), (0.3, 12.6, 0.7), (0.4, 22.6, 1.2))),
    Persona("bargain_hunter", 0.18, 1.25, 0.80, 0.0030, 1.60, 0.60, 0.30, 0.30, 0.55, 41.0, 10.0, 0.02,
            (0.15, 0.10, 0.20, 0.30, 0.06, 0.10, 0.05, 0.04), (1.0, 1.0, 1.05, 1.0, 1.0, 1.0, 0.95),
            ((0.5, 10.5, 2.5), (0.5, 20.0, 2.5))),
    Persona("student_sharer", 0.14, 1.10, 0.55, 0.0036, 1.30, 0.45, 0.18, 0.42, 0.58, 20.0, 1.8, 0.18,
            (0.26, 0.18, 0.04, 0.18, 0.00, 0.14, 0.10, 0.10), (0.9, 0.9, 0.95, 0.95, 1.1, 1.25, 1.2),
            ((0.3, 12.3, 1.0), (0.7, 23.0, 1.3))),
    Persona("silver_leisure", 0.09, 0.80, 0.85, 0.0012, 0.60, -0.15, 0.10, 0.10, 0.52, 61.0, 6.0, 0.00,
            (0.14, 0.04, 0.26, 0.34, 0.04, 0.06, 0.05, 0.07), (1.05, 1.05, 1.05, 1.0, 0.95, 0.9, 0.9),
            ((0.6, 9.0, 1.5), (0.4, 15.5, 1.8))),
)  # fmt: skip
