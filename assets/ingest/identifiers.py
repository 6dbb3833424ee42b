"""Recognises direct identifiers of people in landing files and masks them in what the quarantine keeps."""

import json
import re

from contracts.sources import DIRECT_IDENTIFIERS

MASK = "***"
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w.])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\w)|(?<![\w.])\+\d[\d ()-]{7,16}\d(?!\w)")
_ID_CARD = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_PEOPLE = ("users", "orders", "events", "feedback")


def direct_columns(contract: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the landing columns whose names say that they hold direct identifiers of people.

    A product's `name` is none, so sources that are not about people have no such columns.
    """
    if contract not in _PEOPLE:
        return ()
    known = set(DIRECT_IDENTIFIERS)
    return tuple(name for name in columns if re.sub(r"[\s-]+", "_", name.strip().lower()) in known)


def mask_patterns(text: str) -> str:
    """Return the text with e-mail addresses, phone numbers and Chinese identity numbers replaced by ***."""
    for pattern in (_EMAIL, _ID_CARD, _PHONE):
        text = pattern.sub(MASK, text)
    return text


def mask_values(text: str, values: list[str]) -> str:
    """Return the text with the given values (of direct identifier columns) and all patterns replaced by ***."""
    for value in sorted(values, key=len, reverse=True):
        if value:
            text = text.replace(value, MASK)
            text = text.replace(json.dumps(value)[1:-1], MASK)
    return mask_patterns(text)


def mask_shape(text: str) -> str:
    """Return only the shape of a broken record: every letter and digit becomes x.

    Used where a file has direct identifiers and the record cannot be split into its columns.
    """
    return _LETTER_OR_DIGIT.sub("x", text)
