"""Shares the credit of conversions among the touches before them: by fixed rules, or learnt from all paths.

Which events are touches and conversions is decided by the caller. Every rule gives each conversion with a touch a credit of 1
in all; Markov and Shapley share the conversions of all paths, and their credits sum to the number of conversions too.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

DIRECT = "direct"
START, CONVERSION, NULL = "(start)", "(conversion)", "(null)"
Credits = npt.NDArray[np.float64]


def first(channels: Sequence[str]) -> Credits:
    """All to the first touch."""
    return np.eye(1, len(channels))[0]


def last(channels: Sequence[str]) -> Credits:
    """All to the last touch."""
    return np.eye(1, len(channels), len(channels) - 1)[0]


def last_non_direct(channels: Sequence[str]) -> Credits:
    """All to the last touch that is not direct; to the last one when all are."""
    places = [place for place, channel in enumerate(channels) if channel != DIRECT]
    return np.eye(1, len(channels), places[-1] if places else len(channels) - 1)[0]


def linear(channels: Sequence[str]) -> Credits:
    """The same to every touch."""
    return np.full(len(channels), 1 / len(channels))


def position(channels: Sequence[str]) -> Credits:
    """40 % to the first, 40 % to the last, 20 % shared by those between; of two touches half each."""
    if len(channels) <= 2:
        return linear(channels)
    weights = np.full(len(channels), 0.2 / (len(channels) - 2))
    weights[[0, -1]] = 0.4
    return weights


RULES: dict[str, Callable[[Sequence[str]], Credits]] = {
    "first": first,
    "last": last,
    "last_non_direct": last_non_direct,
    "linear": linear,
    "position": position,
}


def by_rule(
    paths: pd.DataFrame, rule: Callable[[Sequence[str]], Credits], *, measures: Sequence[str] = ("conversions", "value")
) -> dict[str, tuple[float, ...]]:
    """Return channel -> what a rule credits to it of each measure.

    `paths` has `channels` (tuple in order of the touches) and the measures summed over them, one row per kind of path.
    """
    credited: dict[str, Credits] = {}
    for channels, *sums in paths[["channels", *measures]].itertuples(index=False):
        worth = np.array(sums, dtype=np.float64)
        for channel, credit in zip(channels, rule(channels), strict=True):
            credited[channel] = credited.get(channel, np.zeros(len(measures))) + credit * worth
    return {channel: tuple(map(float, sums)) for channel, sums in sorted(credited.items())}


def _absorption(transitions: Counter[tuple[str, str]], channels: Sequence[str], removed: str | None) -> float:
    """Return the probability that a path from the start converts, with one channel turned into a dead end."""
    states = [START, *(channel for channel in channels if channel != removed)]
    place = {state: number for number, state in enumerate(states)}
    leaving = Counter[str]()
    for (source, _), count in transitions.items():
        leaving[source] += count
    inner, out = np.zeros((len(states), len(states))), np.zeros(len(states))
    for (source, target), count in transitions.items():
        if source in place and target in place:
            inner[place[source], place[target]] += count / leaving[source]
        elif source in place and target == CONVERSION:
            out[place[source]] += count / leaving[source]
    return float(np.linalg.solve(np.eye(len(states)) - inner, out)[0])


def markov(paths: pd.DataFrame) -> dict[str, float]:
    """Return channel -> conversions by removal effect in the first-order chain of the paths.

    `paths` has `channels` (tuple in order), `conversions` and `nulls` (paths without a conversion), one row per kind of path.
    Removal effect = 1 - P(conversion without the channel) / P(conversion); credits are the effects scaled to the conversions.
    Anderl et al. (2016), International Journal of Research in Marketing 33, 457-474.
    """
    transitions = Counter[tuple[str, str]]()
    for channels, conversions, nulls in paths[["channels", "conversions", "nulls"]].itertuples(index=False):
        steps = [START, *channels]
        for pair in pairwise(steps):
            transitions[pair] += conversions + nulls
        transitions[steps[-1], CONVERSION] += conversions
        transitions[steps[-1], NULL] += nulls
    names = sorted({channel for channels in paths["channels"] for channel in channels})
    total = float(paths["conversions"].sum())
    if not total:
        return dict.fromkeys(names, 0.0)
    transitions = Counter({pair: count for pair, count in transitions.items() if count})
    whole = _absorption(transitions, names, None)
    effects = {name: 1 - _absorption(transitions, names, name) / whole for name in names}
    scale = sum(effects.values())
    return {name: total * effect / scale for name, effect in effects.items()}


def shapley(paths: pd.DataFrame, *, measure: str = "conversions") -> dict[str, float]:
    """Return channel -> credit by Shapley value, where a coalition is worth the conversions of paths that need nobody else.

    `paths` as in `by_rule`; order and repetition of channels do not matter. Each set of channels shares its conversions
    equally: the Shapley value of a sum of unanimity games. Shapley (1953), Contributions to the Theory of Games 2, 307-317.
    """
    names = sorted({channel for channels in paths["channels"] for channel in channels})
    credited = dict.fromkeys(names, 0.0)
    for channels, amount in paths[["channels", measure]].itertuples(index=False):
        members = sorted(set(channels))
        for channel in members:
            credited[channel] += amount / len(members)
    return credited
