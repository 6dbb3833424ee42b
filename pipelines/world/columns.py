"""Arrow columns from numpy arrays: the few conversions that all row makers share.

Belongs here: array to column, without a copy per row in Python. Does not belong here: what a column means.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

MONEY = pa.decimal128(18, 4)
TIMESTAMP = pa.timestamp("us", tz="UTC")
CENT = 100
"""Units of decimal(18,4) in a cent."""


def coded(values: Sequence[str] | pa.Array, codes: np.ndarray, missing: np.ndarray | None = None) -> pa.DictionaryArray:
    """Return a text column that stores each of `values` once; rows where `missing` is true are null."""
    dictionary = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
    indices = pa.array(np.asarray(codes, dtype=np.int32), mask=missing)
    return pa.DictionaryArray.from_arrays(indices, dictionary)


def money(cents: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    """Return decimal(18,4) amounts of integers in cents."""
    units = np.asarray(cents, dtype=np.int64) * CENT
    # decimal128 is a little-endian 128-bit integer: the low word, then the sign repeated.
    words = np.stack([units, units >> 63], axis=1)
    amounts = pa.Array.from_buffers(MONEY, len(units), [None, pa.py_buffer(np.ascontiguousarray(words))])
    return amounts if missing is None else _with_nulls(amounts, missing)


def instants(utc_microseconds: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    """Return UTC timestamps of microseconds since 1970."""
    return pa.array(np.asarray(utc_microseconds, dtype=np.int64), mask=missing).cast(TIMESTAMP)


def _with_nulls(values: pa.Array, missing: np.ndarray) -> pa.Array:
    valid = np.packbits(~missing, bitorder="little")
    return pa.Array.from_buffers(values.type, len(values), [pa.py_buffer(valid), *values.buffers()[1:]])


def nulls(kind: pa.DataType, count: int) -> pa.Array:
    """Return a column of `count` nulls."""
    return pa.nulls(count, kind)
