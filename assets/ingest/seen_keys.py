"""Remembers the key hashes of one contract's rows during a load, to tell which keys of the next file stand there already.

Sorted runs of numbers: 6.5 million new hashes beside 50 million known ones cost .3 CPU-s, a join in the engine 4.
What becomes of rows whose keys are met again is judged in `assets/ingest/store.py`.
"""

from datetime import date

import numpy as np

_MERGED_AT_MOST = 2**25
"""Runs are merged while they are small: few runs to look into, and no second copy of a large one in memory."""


class SeenKeys:
    """Hashes of keys (64 bits) seen so far; a few sorted arrays.

    `has_stored`, `dates`: whether what earlier loads had stored is among them; of events, of which dates (both included).
    `files`: ids of the files that this load has stored.
    """

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._runs: list[np.ndarray] = []
        self.has_stored = False
        self.dates: tuple[date, date] | None = None
        self.files: set[str] = set()

    def repeated(self, hashes: np.ndarray) -> np.ndarray:
        """Return the hashes, each once, that stand twice among the new ones or were seen before; all are seen from now on.

        `hashes`: uint64, (n,), in any order.
        """
        fresh = np.sort(hashes)
        found = [fresh[1:][fresh[1:] == fresh[:-1]], *(_common(fresh, run) for run in self._runs)]
        self._add(fresh)
        return np.unique(np.concatenate(found))

    def remember(self, hashes: np.ndarray) -> None:
        """See hashes (uint64, (n,), in any order) of rows that stand already and were judged."""
        if len(hashes):
            self._add(np.sort(hashes))

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
