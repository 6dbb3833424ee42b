"""Recognises direct identifiers of people in landing files and masks them in what the quarantine keeps."""

import re
from collections.abc import Iterable

from contracts.sources import DIRECT_IDENTIFIERS

MASK = "***"
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w.])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\w)|(?<![\w.])\+\d[\d ()-]{7,16}\d(?!\w)")
_ID_CARD = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_PEOPLE = frozenset({"users", "orders", "events", "feedback", "campaign_contacts", "coupon_redemptions"})
_OF_PRODUCTS_TOO = frozenset({"name"})


def direct_columns(contracts: Iterable[str], columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns of a landing table whose names say that they hold direct identifiers of people.

    `contracts` are those that read the table. A table that no contract about people reads has none; `name` is the product's
    where products read the table too.
    """
    readers = set(contracts)
    if not readers & _PEOPLE:
        return ()
    known = set(DIRECT_IDENTIFIERS) - (_OF_PRODUCTS_TOO if "products" in readers else set())
    return tuple(name for name in columns if re.sub(r"[\s-]+", "_", name.strip().lower()) in known)


def mask_patterns(text: str) -> str:
    """Return the text with e-mail addresses, phone numbers and Chinese identity numbers replaced by ***."""
    for pattern in (_EMAIL, _ID_CARD, _PHONE):
        text = pattern.sub(MASK, text)
    return text


def mask_shape(text: str) -> str:
    """Return only the shape of a broken record: every letter and digit becomes x.

    Used where a file has direct identifiers and the record cannot be split into its columns.
    """
    return _LETTER_OR_DIGIT.sub("x", text)


def keys_pattern() -> str:
    """Return a regular expression (RE2) that finds a direct identifier as a key of a JSON object."""
    return '(?i)"(' + "|".join(re.escape(name) for name in DIRECT_IDENTIFIERS) + ')"\\s*:'
