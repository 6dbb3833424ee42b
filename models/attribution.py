"""Credit of channels learnt from all paths at once: removal effects of a Markov chain. Rules of single paths stand in SQL.

Which events are touches and conversions is decided by the caller.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

START, CONVERSION, NULL = "(start)", "(conversion)", "(null)"


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


def markov(transitions: pd.DataFrame) -> dict[str, float]:
    """Return channel -> conversions by removal effect in the first-order chain; they sum to the conversions of the chain.

    `transitions` has `from_place, to_place, paths_count`: how often one place follows another, from `(start)` over channels to
    `(conversion)` or `(null)`. Removal effect = 1 - P(conversion without the channel) / P(conversion); credits are the effects
    scaled to the conversions. Anderl et al. (2016), International Journal of Research in Marketing 33, 457-474.
    """
    rows = transitions[["from_place", "to_place", "paths_count"]].itertuples(index=False)
    counts = Counter({(str(source), str(target)): int(str(paths)) for source, target, paths in rows})
    names = sorted({place for pair in counts for place in pair} - {START, CONVERSION, NULL})
    total = sum(count for (_, target), count in counts.items() if target == CONVERSION)
    if not total:
        return dict.fromkeys(names, 0.0)
    whole = _absorption(counts, names, None)
    effects = {name: 1 - _absorption(counts, names, name) / whole for name in names}
    scale = sum(effects.values())
    return {name: total * effect / scale for name, effect in effects.items()}
