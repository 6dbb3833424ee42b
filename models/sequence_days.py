"""Sequences of days: what a customer did on each of the last active days, as numbers in the order of time.

Belongs here: the channels of a day, and the padded form of many customers. Does not belong here: reading the days
(`sql/analysis/recent_days.sql`), the network (`sequence.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

DAYS_AT_MOST = 48
RECENT_DAYS = "recent_days"
SEQUENCE_SCORE = "recent_sequence"
_COUNTS = (
    "orders_count",
    "lines_count",
    "paid_amount",
    "events_count",
    "views_count",
    "searches_count",
    "wishes_count",
)
_YEAR_DAYS = 365.25
CHANNELS = ("days_ago", "days_since_previous", *_COUNTS, "week_sine", "week_cosine", "year_sine", "year_cosine")
_CLIP = 6.0


def sequences_of(days: pd.DataFrame, users: pd.Series, as_of: date) -> list[np.ndarray]:
    """One float32 array (days, channels) per user, oldest day first, in the order of `users`; (0, channels) without a day.

    `days`: rows of `sql/analysis/recent_days.sql` at `as_of`, all dated before it. Days, counts and amounts as log(1 + x), the
    day's place in week and year as sine and cosine. Raises ValueError for a day on or after as_of.
    """
    ago = days["days_ago"].to_numpy(dtype=np.int64)
    late = int((ago < 1).sum())
    if late:
        raise ValueError(
            f"{late} of {len(days)} days lie on or after as_of {as_of}; a sequence reads earlier days only"
        )
    frame = days.assign(days_ago=ago).sort_values(["user_id", "days_ago"], ascending=[True, False], ignore_index=True)
    ago = frame["days_ago"].to_numpy(dtype=np.int64)
    names = frame["user_id"].to_numpy(dtype=object)
    is_first = np.r_[True, names[1:] != names[:-1]][: len(names)]
    since = np.where(is_first, 0, np.r_[0, ago[:-1] - ago[1:]][: len(names)])
    day = as_of.toordinal() - ago
    week, year = 2 * np.pi * (day % 7) / 7, 2 * np.pi * (day % _YEAR_DAYS) / _YEAR_DAYS
    counts = [np.log1p(np.maximum(frame[name].to_numpy(dtype=np.float64), 0.0)) for name in _COUNTS]
    rhythm = [np.sin(week), np.cos(week), np.sin(year), np.cos(year)]
    values = np.column_stack([np.log1p(ago), np.log1p(since), *counts, *rhythm]).astype(np.float32)
    starts = np.flatnonzero(is_first)
    place = {name: number for number, name in enumerate(names[starts])}
    parts = np.split(values, starts[1:]) if len(starts) else []
    nothing = np.empty((0, len(CHANNELS)), dtype=np.float32)
    return [parts[place[user]] if user in place else nothing for user in users]


@dataclass(frozen=True)
class PaddedDays:
    """Many sequences in one block: values (n, longest, channels), zeros after each one's end, and lengths (n,)."""

    values: np.ndarray
    lengths: np.ndarray

    def __len__(self) -> int:
        """Number of sequences."""
        return len(self.lengths)

    @property
    def is_day(self) -> np.ndarray:
        """Which places hold a day; (n, longest)."""
        return np.arange(self.values.shape[1]) < self.lengths[:, None]

    def part(self, start: int, until: int) -> PaddedDays:
        """Sequences start, ..., until - 1."""
        return PaddedDays(self.values[start:until], self.lengths[start:until])

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of each channel over all days; deviation 1 where nothing varies."""
        known = self.values[self.is_day].astype(np.float64)
        if len(known) == 0:
            return np.zeros(self.values.shape[2]), np.ones(self.values.shape[2])
        spread = known.std(axis=0)
        return known.mean(axis=0), np.where(spread > 1e-6, spread, 1.0)

    def standardised(self, center: np.ndarray, scale: np.ndarray) -> PaddedDays:
        """Channels less center, by scale, at most 6 deviations; padding stays zero."""
        values = np.clip((self.values - center) / scale, -_CLIP, _CLIP) * self.is_day[:, :, None]
        return PaddedDays(values.astype(np.float32), self.lengths)


def pad(sequences: Sequence[Any], *, channels: int | None = None) -> PaddedDays:
    """Sequences (days, channels) of any lengths in one block.

    Raises ValueError where one is not two-dimensional, their channels differ, or a value is not finite.
    """
    if isinstance(sequences, PaddedDays):
        return sequences
    rows = [np.asarray(one, dtype=np.float32) for one in sequences]
    odd = [number for number, one in enumerate(rows) if one.ndim != 2]
    if odd:
        raise ValueError(f"{len(odd)} of {len(rows)} sequences are not (days, channels), first number {odd[0]}")
    widths = {one.shape[1] for one in rows} | ({channels} if channels is not None else set())
    if len(widths) > 1:
        raise ValueError(f"sequences have different numbers of channels: {sorted(widths)}")
    lengths = np.array([len(one) for one in rows], dtype=np.int64)
    values = np.zeros((len(rows), int(lengths.max(initial=0)), widths.pop() if widths else 0), dtype=np.float32)
    if lengths.sum():
        values[np.arange(values.shape[1]) < lengths[:, None]] = np.concatenate(rows)
    if not np.isfinite(values).all():
        raise ValueError(f"{int((~np.isfinite(values)).sum())} values of the sequences are missing or infinite")
    return PaddedDays(values, lengths)
