"""Funnels whose steps are plain event types in this order: counted from sorted events, step by step, without sorting anything.

What a funnel counts is said in `funnels.py`, which also knows filters, exclusions, other orders and events of several steps.
"""

from collections.abc import Collection, Sequence
from datetime import date

import numpy as np
import pandas as pd

from models.moments import Booleans, Integers, Moments, day_number

NOBODY = pd.DataFrame({name: np.zeros(0, dtype=np.int64) for name in ("user_key", "step", "entered_us", "reached_us")})


def reach_plain(
    part: Moments, steps: Sequence[Collection[str]], *, window_us: int, first: date, until: date, known_until: date
) -> pd.DataFrame:
    """Return who reached which step first when: one row per user and step, `user_key, step, entered_us, reached_us`.

    Entries are events of the first step on a business day of [first, until); later steps are looked for before `known_until`.
    `entered_us` is the time of the latest entry that leads to the step's first completion. No type may stand in two steps.
    """
    begin, last_entry, end = (day_number(day) for day in (first, until, known_until))
    keys = np.compress(_of_days(part, part.of_types(steps[0]), begin, min(last_entry, end)), part.key)
    entries = keys
    frames = [_first_completions(part, keys, entries, step=1)]
    for step, types in enumerate(steps[1:], start=2):
        places = np.compress(_of_days(part, part.of_types(types), begin, end), part.key)
        # of equal time the earlier step stands first; the last one is as good as any: its entry is the latest
        last = np.searchsorted(keys, places, side="right") - 1
        before_all = np.searchsorted(last, 0)
        places, last = places[before_all:], last[before_all:]
        entered = entries[last]
        # of another user: a key's upper bits differ
        is_linked = ((entered ^ places) >> part.bits == 0) & (places - entered <= window_us)
        keys, entries = np.compress(is_linked, places), np.compress(is_linked, entered)
        frames.append(_first_completions(part, keys, entries, step=step))
    return pd.concat(frames, ignore_index=True)


def _of_days(part: Moments, chosen: Booleans, first: int, until: int) -> Booleans:
    """Return which of the chosen events lie on business days [first, until)."""
    if part.first_day < first:
        chosen &= part.day >= first
    if part.last_day >= until:
        chosen &= part.day < until
    return chosen


def _first_completions(part: Moments, keys: Integers, entries: Integers, *, step: int) -> pd.DataFrame:
    """Return the first of each user's completions; those of one moment have the same entry."""
    is_other = (keys[1:] ^ keys[:-1]) >> part.bits != 0
    first = np.r_[0, np.flatnonzero(is_other) + 1] if len(keys) else np.zeros(0, dtype=np.int64)
    return pd.DataFrame(
        {
            "user_key": part.user_keys(keys[first]),
            "step": step,
            "entered_us": part.times_us(entries[first]),
            "reached_us": part.times_us(keys[first]),
        }
    )
