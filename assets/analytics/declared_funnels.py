"""The declared funnels of one as_of, as every run keeps them in `report.funnel`: only entries whose window is over.

A question about any other range, funnel or group is answered by `funnels.py`; this only asks it for each declared funnel.
"""

import math
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from assets.analytics.funnels import funnel_words, population_words, reached_steps, step_table
from contracts.funnels import Funnel
from contracts.outputs import TABLES

if TYPE_CHECKING:
    from assets.analytics.shop import Shop

DIMENSIONS = ("all", "channel", "region", "persona")


def entry_range(funnel: Funnel, as_of: date) -> tuple[date, date]:
    """Return the business dates [from, until) of the newest entries whose whole window lies before as_of."""
    until = as_of - timedelta(days=math.ceil(funnel.window_days))
    return until - timedelta(days=funnel.entry_days), until


def declared_funnels(shop: "Shop", as_of: date, *, people_at_least: int) -> pd.DataFrame:
    """Return the rows of `report.funnel` for this as_of; nothing dated as_of or later is read.

    The table is published: groups that fewer people entered stand together as `(other)`.
    """
    tables = []
    for funnel in shop.funnels.values():
        first, until = entry_range(funnel, as_of)
        reached = reached_steps(shop, funnel, first, until, known_until=as_of)
        last = until - timedelta(days=1)
        words = (
            f"{funnel_words(funnel)} Entries {first} to {last}, all steps within {funnel.window_days:g} days of the entry; "
            f"{population_words(funnel)}."
        )
        for dimension in DIMENSIONS if len(reached) else ("all",):
            table = step_table(
                shop, funnel, reached, by=dimension, people_at_least=1 if dimension == "all" else people_at_least
            )
            tables.append(table.assign(as_of=as_of, funnel=funnel.name, dimension=dimension, funnel_definition=words))
    columns = list(TABLES["report.funnel"].columns)
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=pd.Index(columns))
