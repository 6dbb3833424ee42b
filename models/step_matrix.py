"""Which event stands at which step of a session: counted from sorted events, without numbering every event of every session.

Sessions are those of `core.sessions`: no gap over 30 minutes, over by the second midnight. Fetching events belongs to
`assets/analytics/`.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from models.moments import GAP_US, Integers, Moments, day_number

ENDLESS_AT_LEAST_US = 22 * 3600 * 1_000_000
"""What gets to its second midnight lasts longer than that, even on the day the clocks go forward."""


def count_steps(
    parts: Iterable[Moments],
    *,
    first: date,
    until: date,
    passive: Collection[str] = (),
    anchor: str | None = None,
    from_end: bool = False,
    steps: int = 10,
) -> pd.DataFrame:
    """Return `step, event_type, sessions_count, share` of the sessions that start on a business day of [first, until).

    `parts` are the events of different users, with a day on either side of the range. Step 0 is the anchor: the first event
    of a session (`from_end`: the last), or the first (last) of type `anchor`. Sessions that are over by a step are `(end)`,
    those that had not begun `(start)`; share: of sessions with an anchor. Events of type `passive` are in no session.
    """
    over = "(start)" if from_end else "(end)"
    found: Counter[tuple[int, str]] = Counter()
    for part in parts:
        own = _active(part, passive, day_number(first), day_number(until))
        starts, ends = _sessions(own, day_number(first), day_number(until))
        places, left = _anchors(own, starts, ends, anchor, from_end=from_end)
        anchored = len(places)
        for step in range(steps + 1):
            is_there = left > step
            places, left = places[is_there], left[is_there]
            counts = np.bincount(own.kind[places - step if from_end else places + step], minlength=len(own.kinds) + 1)
            found.update({(step, kind): int(count) for kind, count in zip(own.kinds, counts[1:], strict=True) if count})
            if anchored > len(places):
                found[step, over] += anchored - len(places)
    whole = sum(count for (step, _), count in found.items() if step == 0)
    rows = [(step, kind, count, count / whole) for (step, kind), count in found.items()]
    return pd.DataFrame(rows, columns=pd.Index(["step", "event_type", "sessions_count", "share"]))


def _active(part: Moments, passive: Collection[str], first: int, until: int) -> Moments:
    """Return the events that a session of these days may hold: a day on either side."""
    is_out = part.of_types(passive)
    if part.first_day < first - 1 or part.last_day > until:
        is_out |= (part.day < first - 1) | (part.day > until)
    if not is_out.any():
        return part
    return replace(part, key=part.key[~is_out], kind=part.kind[~is_out], day=part.day[~is_out])


def _sessions(own: Moments, first: int, until: int) -> tuple[Integers, Integers]:
    """Return the first position of each session of these days and the one after its last."""
    key = own.key
    if not len(key):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    starts = np.r_[0, np.flatnonzero(key[1:] - key[:-1] > GAP_US) + 1]
    ends = np.r_[starts[1:], len(key)]
    for row in np.flatnonzero(key[ends - 1] - key[starts] >= ENDLESS_AT_LEAST_US):  # hardly any: robots
        days = own.day[starts[row] : ends[row]]
        ends[row] = starts[row] + np.searchsorted(days, days[0] + 1, side="right")
    start_day = own.day[starts]
    is_asked = (start_day >= first) & (start_day < until)
    return (starts, ends) if is_asked.all() else (starts[is_asked], ends[is_asked])


def _anchors(
    own: Moments, starts: Integers, ends: Integers, anchor: str | None, *, from_end: bool
) -> tuple[Integers, Integers]:
    """Return where the anchors stand, one per session that has one, and how many events there are from there on (or back)."""
    if anchor is None or not len(starts):
        return (ends - 1 if from_end else starts), ends - starts
    places = np.flatnonzero(own.of_types([anchor]))
    session = np.searchsorted(starts, places, side="right") - 1
    is_inside = (session >= 0) & (places < ends[session])
    places, session = places[is_inside], session[is_inside]
    is_other = session[1:] != session[:-1]
    one = np.r_[is_other, [True] * bool(len(places))] if from_end else np.r_[[True] * bool(len(places)), is_other]
    places, session = places[one.astype(bool)], session[one.astype(bool)]
    return places, (places - starts[session] + 1 if from_end else ends[session] - places)
