"""Events as sorted numbers: user and time in one integer, the kind beside it. What sequences are counted from.

A sorted list answers what a window over a table would sort for anew each time. Fetching events belongs to
`assets/analytics/moments.py`; what is counted from them to `plain_funnels.py` and `step_matrix.py`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

KEY_BITS = 63
GAP_US = 30 * 60 * 1_000_000
"""A longer gap starts a new session, as in core.sessions."""
_MERGED_BELOW = 0.01
"""Up to so many descents an event, a sort that merges runs is the quicker one."""


_DAY_0 = date(1970, 1, 1).toordinal()


def day_number(day: date) -> int:
    """Return a business date as the number of days since 1970-01-01."""
    return day.toordinal() - _DAY_0


@dataclass(frozen=True)
class Moments:
    """Events of some users by user and time, of one moment by kind: one entry per event.

    `key`: (user_key - first_user) << bits | (microseconds - first_us); between two users' events keys differ by more than
    `GAP_US`, so that one comparison finds the starts of sessions. `kind`: place of the event's type in `kinds`, from 1; the
    names stand in order. `day`: business day, counted from 1970-01-01.
    """

    key: Integers
    kind: npt.NDArray[np.integer]
    day: npt.NDArray[np.integer]
    bits: int
    first_user: int
    first_us: int
    kinds: tuple[str, ...]

    def of_types(self, names: Collection[str]) -> Booleans:
        """Return which events are of one of these types."""
        numbers = [number for number, name in enumerate(self.kinds, start=1) if name in names]
        found = self.kind == numbers[0] if numbers else np.zeros(len(self.key), dtype=bool)
        for number in numbers[1:]:
            found |= self.kind == number
        return found

    @cached_property
    def first_day(self) -> int:
        """The earliest day of an event."""
        return int(self.day.min())

    @cached_property
    def last_day(self) -> int:
        """The latest day of an event."""
        return int(self.day.max())

    def user_keys(self, keys: Integers) -> Integers:
        """Return the users of some keys."""
        return (keys >> self.bits) + self.first_user

    def times_us(self, keys: Integers) -> Integers:
        """Return the times of some keys, in microseconds since 1970."""
        return (keys & ((1 << self.bits) - 1)) + self.first_us


def sorted_moments(
    user_key: npt.NDArray[np.integer],
    at_us: Integers,
    *,
    kind: npt.NDArray[np.integer],
    day: npt.NDArray[np.integer],
    kinds: Sequence[str],
) -> list[Moments]:
    """Return the events sorted: one list, or several of different users where user and time do not fit in 63 bits together."""
    if not len(user_key):
        return []
    first_us, first_user = int(at_us.min()), int(user_key.min())
    bits = (int(at_us.max()) - first_us + GAP_US + 1).bit_length()
    users_at_most = 1 << (KEY_BITS - bits)
    found = []
    for first in range(first_user, int(user_key.max()) + 1, users_at_most):
        if int(user_key.max()) - first_user < users_at_most:
            block = slice(None)
        else:
            block = np.flatnonzero((user_key >= first) & (user_key < first + users_at_most))
        key = user_key[block].astype(np.int64)
        key -= first
        key <<= bits
        key |= at_us[block] - first_us
        found.append(Moments(*_in_order(key, kind[block], day[block]), bits, first, first_us, tuple(kinds)))
    return [moments for moments in found if len(moments.key)]


def _in_order(
    key: Integers, kind: npt.NDArray[np.integer], day: npt.NDArray[np.integer]
) -> tuple[Integers, npt.NDArray[np.integer], npt.NDArray[np.integer]]:
    descents = int(np.count_nonzero(key[1:] < key[:-1]))
    if descents:  # a table that was filled by user and time needs no sort
        order = np.argsort(key, kind="stable" if descents < _MERGED_BELOW * len(key) else None)
        key, kind, day = key[order], kind[order], day[order]
    is_tie = key[1:] == key[:-1]
    if is_tie.any():  # few: only they are sorted by their kind, each run of them in its place
        places = np.flatnonzero(np.r_[is_tie, False] | np.r_[False, is_tie])
        rows = places[np.lexsort((kind[places], key[places]))]
        kind, day = kind.copy(), day.copy()
        kind[places], day[places] = kind[rows], day[rows]
    return key, kind, day
