"""Calendar factors of visits and orders: weekday, festivals, yearly wave.

Belongs here: what depends on the date alone. Does not belong here: prices (catalogue.py) and users (population.py).
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from pipelines.world.parameters import PERSONAS

# (month, day, days before, days after, factor on the order rate on the day itself)
FESTIVALS = (
    (6, 18, 4, 1, 2.6),
    (11, 11, 6, 1, 3.4),
    (12, 12, 2, 0, 1.8),
    (3, 8, 2, 0, 1.6),
    (5, 20, 1, 0, 1.35),
    (9, 9, 1, 0, 1.4),
)
SPRING_FESTIVAL_LULL = ((2, 9), (2, 15))
"""Parcels rest around the Spring Festival of 2024; the model repeats the dates every year."""


@dataclass(frozen=True)
class Calendar:
    """Factors by day from `start`: visits (days, personas), orders (days, personas), festival strength (days,)."""

    start: date
    visits: np.ndarray
    orders: np.ndarray
    festival: np.ndarray


def build_calendar(start: date, days: int) -> Calendar:
    """Return the factors for `days` days from `start`.

    visits[t, k] = weekday_k(t) x wave(t) x festival(t)^0.4 and orders[t, k] = festival(t)^f_k, where wave is
    1 + 0.08 sin(2 pi day_of_year / 365.25) and f_k the festival exponent of persona k.
    """
    dates = [start + timedelta(days=offset) for offset in range(days)]
    festival = np.array([_festival_factor(day) for day in dates])
    wave = 1 + 0.08 * np.sin(2 * np.pi * np.array([day.timetuple().tm_yday for day in dates]) / 365.25)
    weekdays = np.array([[persona.weekdays[day.weekday()] for persona in PERSONAS] for day in dates])
    exponents = np.array([persona.festival for persona in PERSONAS])
    return Calendar(
        start=start,
        visits=weekdays * (wave * festival**0.4)[:, None],
        orders=festival[:, None] ** exponents[None, :],
        festival=festival,
    )


def _festival_factor(day: date) -> float:
    factor = 1.0
    for month, number, before, after, peak in FESTIVALS:
        distance = (day - date(day.year, month, number)).days
        if distance == 0:
            factor = max(factor, peak)
        elif -before <= distance < 0:
            factor = max(factor, 1 + (peak - 1) * 0.5 * (before + 1 + distance) / (before + 1))
        elif 0 < distance <= after:
            factor = max(factor, 1 + (peak - 1) * 0.25)
    first, last = SPRING_FESTIVAL_LULL
    if date(day.year, *first) <= day <= date(day.year, *last):
        factor = min(factor, 0.6)
    return factor
