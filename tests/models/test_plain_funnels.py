"""Plain funnels give what the general count gives, which is held against a twin and ClickHouse in `test_funnels.py`."""

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.funnels import FunnelEvents, reach
from models.moments import day_number, sorted_moments
from models.plain_funnels import reach_plain

STEPS = [("a", "e"), ("c",), ("b",)]
KINDS = ["a", "b", "c", "d", "e"]
FIRST = date(2024, 1, 1)
# (user, time within the day in seconds, type, day)
ROWS = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3), st.sampled_from(KINDS), st.integers(0, 5)), max_size=24)


@given(rows=ROWS, window_s=st.integers(0, 5), until=st.integers(1, 6), known_until=st.integers(1, 6))
def test_plain_funnels_equal_the_general_count(rows, window_s, until, known_until):
    times = np.array([row[3] * 10 + row[1] for row in rows], dtype=np.int64) * 1_000_000
    user, day = (np.array([row[n] for row in rows], dtype=np.int64) for n in (0, 3))
    parts = sorted_moments(
        user,
        times,
        kind=np.array([1 + KINDS.index(row[2]) for row in rows], dtype=np.int16),
        day=day + day_number(FIRST),
        kinds=KINDS,
    )
    window_us = window_s * 10_000_000
    days = [date.fromordinal(FIRST.toordinal() + n) for n in (until, known_until)]
    own = [
        reach_plain(part, STEPS, window_us=window_us, first=FIRST, until=days[0], known_until=days[1]) for part in parts
    ]
    mask = np.array([sum(1 << k for k, step in enumerate(STEPS) if row[2] in step) for row in rows], dtype=np.int64)
    kept = (mask > 0) & (day < known_until)
    events = FunnelEvents(user[kept], times[kept], mask[kept], np.zeros(kept.sum(), dtype=bool), (day < until)[kept])
    general = reach(events, steps=3, window_us=window_us).to_numpy()
    found = own[0][["user_key", "step", "entered_us", "reached_us"]].to_numpy().tolist() if own else []
    assert sorted(found) == sorted(general.tolist())
