"""Text identifiers made in bulk from integers.

Belongs here: how ids look. Does not belong here: which numbers are given to which rows.
"""

import numpy as np
import pyarrow as pa

# Two hexadecimal characters per byte, so that an id costs one table look-up per byte instead of a Python call per row.
_HEX_PAIRS = np.frombuffer("".join(f"{value:02x}" for value in range(256)).encode(), dtype=np.uint16)
_SCRAMBLER = np.uint64(0x9E3779B97F4B)
"""Odd, so multiplication modulo 2^48 is a bijection: ids are unique and do not tell user or order of arrival."""


def hex_ids(prefix: str, numbers: np.ndarray) -> pa.Array:
    """Return one id per number (0 <= number < 2^48): `prefix` and twelve hexadecimal digits; equal numbers give equal
    ids.
    """
    scrambled = (numbers.astype(np.uint64) * _SCRAMBLER) & np.uint64(0xFFFFFFFFFFFF)
    low_bytes = scrambled.astype("<u8").view(np.uint8).reshape(-1, 8)[:, 5::-1]
    digits = _HEX_PAIRS[low_bytes].view(np.uint8).reshape(-1, 12)
    return _fixed_width(prefix, digits)


def decimal_ids(prefix: str, numbers: np.ndarray, width: int) -> pa.Array:
    """Return `prefix` and the number with leading zeros in `width` digits; numbers must fit."""
    digits = np.empty((len(numbers), width), dtype=np.uint8)
    rest = numbers.astype(np.int64)
    for position in range(width - 1, -1, -1):
        rest, digit = np.divmod(rest, 10)
        digits[:, position] = digit + ord("0")
    return _fixed_width(prefix, digits)


def _fixed_width(prefix: str, tail: np.ndarray) -> pa.Array:
    head = np.frombuffer(prefix.encode(), dtype=np.uint8)
    count, width = len(tail), len(head) + tail.shape[1]
    text = np.empty((count, width), dtype=np.uint8)
    text[:, : len(head)] = head
    text[:, len(head) :] = tail
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))
