"""Steps of sessions against a twin that writes every session down, robots and the ends of the range included."""

from collections import Counter
from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.moments import day_number, sorted_moments
from models.step_matrix import count_steps

KINDS = ["cart", "push_open", "view"]
START = date(2024, 1, 1)
DAY = 24 * 60
# (user, quarter of an hour, type): some users never pause
ROWS = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 4 * 24 * 4), st.sampled_from(KINDS)), max_size=20)


def moments_of(rows):
    user, minute = (np.array([row[n] for row in rows], dtype=np.int64) for n in (0, 1))
    kind = np.array([1 + KINDS.index(row[2]) for row in rows], dtype=np.int16)
    return sorted_moments(user, minute * 60_000_000, kind=kind, day=minute // DAY + day_number(START), kinds=KINDS)


def sessions_of(rows, first, until):
    """The types of every session that starts on a day of the range, in order; over by the second midnight."""
    found = []
    for user in {row[0] for row in rows}:
        previous, start_day = None, 0
        for _, minute, kind in sorted(row for row in rows if row[0] == user and row[2] != "push_open"):
            if previous is None or minute - previous > 30:
                start_day = minute // DAY
                own = []
                if first <= start_day < until:
                    found.append(own)
            if minute // DAY <= start_day + 1:
                own.append(kind)
            previous = minute
    return found


@given(
    rows=ROWS,
    robot=st.integers(0, 4 * 24 * 4),
    days=st.tuples(st.integers(0, 2), st.integers(3, 4)),
    anchor=st.sampled_from([None, "cart"]),
    from_end=st.booleans(),
)
def test_steps_equal_the_twin(rows, robot, days, anchor, from_end):
    rows = [(user, 15 * quarter, kind) for user, quarter, kind in rows]
    rows += [(4, 15 * quarter, "view" if quarter % 7 else "cart") for quarter in range(robot)]
    wanted, over = Counter(), "(start)" if from_end else "(end)"
    for kinds in sessions_of(rows, *days):
        order = kinds[::-1] if from_end else kinds
        if anchor is None or anchor in order:
            rest = order[order.index(anchor) if anchor else 0 :] + [over] * 4
            wanted.update((step, rest[step]) for step in range(4))
    first, until = (START + timedelta(days=number) for number in days)
    frame = count_steps(
        moments_of(rows), first=first, until=until, passive=["push_open"], anchor=anchor, from_end=from_end, steps=3
    )
    assert {(step, kind): n for step, kind, n in frame[["step", "event_type", "sessions_count"]].to_numpy()} == wanted
    anchored = sum(count for (step, _), count in wanted.items() if step == 0)
    assert np.allclose(frame["share"].astype(float) * anchored, frame["sessions_count"].astype(float))


def test_nothing_comes_of_nothing():
    assert count_steps([], first=START, until=START).columns.tolist() == [
        "step",
        "event_type",
        "sessions_count",
        "share",
    ]
