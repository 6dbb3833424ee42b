"""Keys met again, beside a plain count of all that was seen."""

import random
from collections import Counter

import numpy as np
import pytest

from assets.ingest import seen_keys
from assets.ingest.seen_keys import SeenKeys


@pytest.mark.parametrize("merged_at_most", [0, 40, 10_000])
def test_repeated_keys_equal_a_plain_count(monkeypatch, merged_at_most):
    monkeypatch.setattr(seen_keys, "_MERGED_AT_MOST", merged_at_most)
    draw, seen, known = random.Random(5), SeenKeys(), set()
    for size in (0, 1, 30, 30, 0, 200, 7):
        hashes = [draw.randrange(300) * 2**55 for _ in range(size)]
        counts = Counter(hashes)
        expected = sorted(key for key, count in counts.items() if count > 1 or key in known)
        assert seen.repeated(np.array(hashes, dtype=np.uint64)).tolist() == expected
        known |= counts.keys()


def test_the_largest_hash_is_found_again():
    seen = SeenKeys()
    largest = np.array([2**64 - 1], dtype=np.uint64)
    assert seen.repeated(largest).tolist() == []
    assert seen.repeated(largest).tolist() == [2**64 - 1]
