"""Remembers the key hashes of all rows that one load has stored, to tell which keys of the next file stand there already.

Sorted runs of numbers: 6.5 million new hashes beside 50 million known ones cost .3 CPU-s, a join in the engine 4.
What becomes of rows whose keys are met again is judged in `assets/ingest/store.py`.
"""

import numpy as np

_MERGED_AT_MOST = 2**25
"""Runs are merged while they are small: few runs to look into, and no second copy of a large one in memory."""


class SeenKeys:
    """Hashes of keys (64 bits) seen so far; a few sorted arrays."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._runs: list[np.ndarray] = []

    def repeated(self, hashes: np.ndarray) -> np.ndarray:
        """Return the hashes, each once, that stand twice among the new ones or were seen before; all are seen from now on.

        `hashes`: uint64, (n,), in any order.
        """
        fresh = np.sort(hashes)
        found = [fresh[1:][fresh[1:] == fresh[:-1]], *(_common(fresh, run) for run in self._runs)]
        self._add(fresh)
        return np.unique(np.concatenate(found))

    def _add(self, fresh: np.ndarray) -> None:
        while self._runs and len(self._runs[-1]) + len(fresh) <= _MERGED_AT_MOST:
            # a stable sort merges runs that are sorted already
            fresh = np.sort(np.concatenate([self._runs.pop(), fresh]), kind="stable")
        self._runs.append(fresh)


def _common(fresh: np.ndarray, run: np.ndarray) -> np.ndarray:
    """Return the values of one sorted array that stand in the other."""
    if not len(run):
        return fresh[:0]
    place = np.minimum(np.searchsorted(run, fresh), len(run) - 1)
    return fresh[run[place] == fresh]
