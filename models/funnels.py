"""Counts how far users get through the steps of a funnel, exactly, for any number of steps. Arrays in, a frame out.

Which events are steps is said by the caller as a bit mask; fetching them belongs to `assets/analytics/`. The meaning is that
of ClickHouse's `windowFunnel`: an entry is a first-step event in the range; a user reaches step k when some entry is followed
in order by steps 2..k, all within the window of that entry. Events of equal time stand in step order; no event follows itself.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

SORTABLE_BITS = 63
"""A unit and a time that fit in so many bits together are sorted as one number."""


@dataclass(frozen=True)
class FunnelEvents:
    """Events that matter, in any order: one entry per event.

    `unit` (who, and with a held product also which); `at_us` microseconds; `steps` bit k-1 set where the event is a step k;
    `is_excluded` where it ends an attempt; `may_enter` where it lies in the range of entries.
    """

    unit: Integers
    at_us: Integers
    steps: npt.NDArray[np.integer]
    is_excluded: Booleans
    may_enter: Booleans

    def sorted(self) -> "FunnelEvents":
        """Return the events by unit and time; of equal time by the first step they can be, exclusions last."""
        order = _by_unit_and_time(self.unit, self.at_us)
        unit, at_us = self.unit[order], self.at_us[order]
        is_tie = (unit[1:] == unit[:-1]) & (at_us[1:] == at_us[:-1])
        if not is_tie.any():
            return FunnelEvents(unit, at_us, self.steps[order], self.is_excluded[order], self.may_enter[order])
        # few: only they are sorted by their steps, each run of them in its place
        places = np.flatnonzero(np.r_[is_tie, False] | np.r_[False, is_tie])
        rows = order[places]
        lowest = np.where(self.is_excluded[rows], np.int64(1) << 40, self.steps[rows] & -self.steps[rows])
        order[places] = rows[np.lexsort((self.steps[rows], lowest, self.at_us[rows], self.unit[rows]))]
        return FunnelEvents(unit, at_us, self.steps[order], self.is_excluded[order], self.may_enter[order])


def _by_unit_and_time(unit: Integers, at_us: Integers) -> Integers:
    """Return the order of the events by unit and time; equals stay as they came."""
    if not len(unit):
        return np.zeros(0, dtype=np.int64)
    first_us, first_unit = int(at_us.min()), int(unit.min())
    bits = (int(at_us.max()) - first_us).bit_length()
    if bits + (int(unit.max()) - first_unit).bit_length() > SORTABLE_BITS:
        return np.lexsort((at_us, unit))
    # one number instead of two; events come in runs (of a day, of a user), which a stable sort only merges
    return np.argsort((unit - first_unit) << bits | (at_us - first_us), kind="stable")


def _last_before(marked: Integers, places: Integers) -> Integers:
    """Return for each place the number of the last of the marked positions before it, -1 where there is none.

    Both in ascending order: few steps are looked up among many, at a cost that does not grow with all events between.
    """
    return np.searchsorted(marked, places) - 1


def _next_from(marked: Booleans) -> Integers:
    """Return for each position the first marked position at or after it, or the number of positions."""
    positions = np.where(marked, np.arange(len(marked)), len(marked))
    return np.minimum.accumulate(positions[::-1])[::-1]


def reach(events: FunnelEvents, *, steps: int, window_us: int, order: str = "ordered") -> pd.DataFrame:
    """Return who reached which step first when: one row per unit and step, `unit, step, entered_us, reached_us`.

    `entered_us` is the time of the latest entry that leads to the step's first completion. `order` is `ordered`, `strict`
    (no event of a third step between two that follow each other) or `any` (an entry is an event of any step; step k means
    k different steps within the window).
    """
    events = events.sorted()
    found = (
        _reach_any(events, steps, window_us)
        if order == "any"
        else _reach_ordered(events, steps, window_us, order=order)
    )
    frames = []
    for step, (entries, positions) in enumerate(found, start=1):
        first = _first_completions(events.unit[positions.origin], positions.at_us, entered_us=events.at_us[entries])
        frames.append(first.assign(step=step)[["unit", "step", "entered_us", "reached_us"]])
    return pd.concat(frames, ignore_index=True)


def _first_completions(unit: Integers, reached_us: Integers, *, entered_us: Integers) -> pd.DataFrame:
    """Return `unit, entered_us, reached_us` of each unit's first completion; of several at that moment the latest entry."""
    if not len(unit):
        return pd.DataFrame({"unit": unit, "entered_us": entered_us, "reached_us": reached_us})
    starts = np.flatnonzero(np.r_[True, unit[1:] != unit[:-1]])  # completions stand in the order of their units
    first = np.minimum.reduceat(reached_us, starts)
    is_first = reached_us == np.repeat(first, np.diff(np.r_[starts, len(unit)]))
    latest = np.maximum.reduceat(np.where(is_first, entered_us, np.iinfo(np.int64).min), starts)
    return pd.DataFrame({"unit": unit[starts], "entered_us": latest, "reached_us": first})


@dataclass(frozen=True)
class _Positions:
    origin: Integers
    at_us: Integers


def _reach_ordered(
    events: FunnelEvents, steps: int, window_us: int, *, order: str
) -> list[tuple[Integers, _Positions]]:
    valid = np.flatnonzero(((events.steps & 1) > 0) & events.may_enter)
    entry = valid
    found = [(entry, _Positions(valid, events.at_us[valid]))]
    excluded = np.flatnonzero(events.is_excluded)
    for step in range(2, steps + 1):
        own, previous = 1 << (step - 1), 1 << (step - 2)
        places = np.flatnonzero((events.steps & own) > 0)
        # the last one is as good as any: its entry is the latest
        last = _last_before(valid, places)
        places, last = places[last >= 0], last[last >= 0]
        link, entries = valid[last], entry[last]
        linked = (events.unit[link] == events.unit[places]) & (
            events.at_us[places] - events.at_us[entries] <= window_us
        )
        linked &= ~_is_between(excluded, link, places)
        if order == "strict":
            others = np.flatnonzero((events.steps > 0) & (events.steps & (own | previous) == 0))
            linked &= ~_is_between(others, link, places)
        valid, entry = places[linked], entries[linked]
        found.append((entry, _Positions(valid, events.at_us[valid])))
    return found


def _is_between(marked: Integers, after: Integers, before: Integers) -> Booleans:
    """Return whether a marked position lies between the two, neither included."""
    last = _last_before(marked, before)
    return (last >= 0) & (marked[last] > after) if len(marked) else np.zeros(len(before), dtype=bool)


def _reach_any(events: FunnelEvents, steps: int, window_us: int) -> list[tuple[Integers, _Positions]]:
    entries = np.flatnonzero((events.steps > 0) & events.may_enter)
    late = np.iinfo(np.int64).max
    times = np.full((len(entries), steps), late)
    for step in range(steps):
        following = _next_from((events.steps & (1 << step)) > 0)[entries]
        there = following < len(events.unit)
        position = np.where(there, following, 0)
        same = there & (events.unit[position] == events.unit[entries])
        fits = same & (events.at_us[position] - events.at_us[entries] <= window_us)
        times[fits, step] = events.at_us[position[fits]]
    times.sort(axis=1)
    found = []
    for step in range(steps):
        done = times[:, step] < late
        found.append((entries[done], _Positions(entries[done], times[done, step])))
    return found


def summarise(reached: pd.DataFrame, *, steps: int) -> pd.DataFrame:
    """Return one row per step: users, share of the first and of the step before, quartiles of seconds from the entry.

    `reached` is what `reach` gave, one row per user and step at most.
    """
    rows = []
    for step in range(1, steps + 1):
        part = reached[reached["step"] == step]
        seconds = (part["reached_us"] - part["entered_us"]).to_numpy() / 1e6
        quartiles = np.quantile(seconds, [0.25, 0.5, 0.75]) if len(seconds) else [np.nan] * 3
        rows.append((step, len(part), *quartiles))
    names = ["step_number", "users_count", "convert_p25_s", "convert_median_s", "convert_p75_s"]
    table = pd.DataFrame(rows, columns=pd.Index(names))
    users = table["users_count"].to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        table["first_share"] = np.where(users[0] > 0, users / users[0], np.nan)
        before = np.concatenate(([users[0]], users[:-1]))
        table["previous_share"] = np.where(before > 0, users / before, np.nan)
    return table
