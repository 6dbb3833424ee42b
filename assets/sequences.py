"""The days a sequence model reads, added to frames of users: one array per user and as_of.

Belongs here: asking for them where the setting `sequence_model` wants it. Does not belong here: what a day is described by
(`models/sequence_days.py`), whether the model counts (`models/sequence_trial.py`).
"""

from datetime import date

import pandas as pd

from assets.warehouse import Warehouse
from contracts.settings import Settings
from models.sequence_days import DAYS_AT_MOST, RECENT_DAYS, sequences_of
from models.sequence_fitting import is_installed
from sql.analyses import load_analysis


def is_wanted(settings: Settings) -> bool:
    """Whether a sequence model is tried: it is asked for, and the extra is installed."""
    return settings.sequence_model and is_installed()


def is_missing(settings: Settings) -> bool:
    """Whether a sequence model is asked for but cannot be trained here."""
    return settings.sequence_model and not is_installed()


def with_recent_days(warehouse: Warehouse, frame: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return the users of one as_of (column user_id) with the column `recent_days`: days before as_of, oldest first."""
    asked = {"as_of": as_of, "days_at_most": DAYS_AT_MOST}
    days = warehouse.frame(load_analysis("recent_days").sql, asked)
    arrays = sequences_of(days, frame["user_id"], as_of)
    return frame.assign(**{RECENT_DAYS: pd.Series(arrays, index=frame.index, dtype="object")})
