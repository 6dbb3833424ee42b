"""One line of JSON Lines judged and read by Python: the slow and exact reader, whose verdict counts.

It refuses what other readers pass over: keys given twice, NaN, unpaired surrogates, NUL characters, bottomless nesting. Numbers
keep the text of the file. Staging whole files belongs to `jsonl.py`.
"""

import json
from collections.abc import Iterator
from typing import Any

from assets.landing.encoding import BAD_LINE_MARK, Utf8Text
from assets.landing.ledger import MAX_RECORD_BYTES, RAW_TEXT_BYTES, ROW_COLUMN, Reject
from assets.landing.text_scan import whole_lines

MAX_DEPTH = 64
_BLANK = (b"", b"\r")

Values = dict[str, str | None]


class NotARecordError(Exception):
    """A line is no record; the message is the reason that a person reads in quarantine."""


class _Number(str):
    """The text of a number, told apart from a string when a nested value is written as JSON again."""

    __slots__ = ()


class _Pairs(list[tuple[str, Any]]):
    """An object as it is written: a key given twice inside a nested value is kept twice."""


def read_lines(text: Utf8Text) -> Iterator[tuple[int | None, int, bytes]]:
    """Record number (None for a blank line), byte offset and bytes of each line, line end removed."""
    offset, number = text.start, 0
    for block in whole_lines(text.path, start=text.start):
        lines = block.split(b"\n")
        if lines[-1] == b"":
            lines.pop()
        for line in lines:
            if line in _BLANK:
                yield None, offset, line
            else:
                number += 1
                yield number, offset, line.removesuffix(b"\r")
            offset += len(line) + 1


def rejected(number: int, offset: int, line: bytes, reason: str) -> Reject:
    """The reject of a line, its raw text printable and cut if over-long."""
    raw = line[:RAW_TEXT_BYTES] if len(line) > MAX_RECORD_BYTES else line.removeprefix(BAD_LINE_MARK)
    return Reject(number, offset, reason, raw.decode("utf-8", "backslashreplace"))


def unusable(line: bytes) -> str | None:
    """Why the bytes cannot be a record, whatever they mean; None if they can."""
    if len(line) > MAX_RECORD_BYTES:
        return f"line of {len(line):,} bytes: longer than the limit of {MAX_RECORD_BYTES:,}"
    if b"\0" in line:
        return "NUL byte in the line"
    if line.startswith(BAD_LINE_MARK):
        return "does not decode in the declared encoding"
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as exc:
        return f"not valid UTF-8 at byte {exc.start} of the line: declare the file's encoding if this is frequent"
    return None


def read_values(line: str, known: dict[str, str]) -> Values:
    """Top-level values as text; numbers as written, nested values as compact JSON.

    `known` maps lower-case names to the columns met so far. Raises NotARecordError with the reason why the line is none.
    """
    # Fewer brackets than levels are impossible, and counting them is quick.
    if line.count("[") + line.count("{") > MAX_DEPTH and _depth(line) > MAX_DEPTH:
        raise NotARecordError(f"nested deeper than {MAX_DEPTH} levels")
    try:
        value = _DECODER.decode(line)
    except json.JSONDecodeError as exc:
        raise NotARecordError(f"not JSON: {exc.msg} at column {exc.colno}") from exc
    if not isinstance(value, _Pairs):
        raise NotARecordError("not a JSON object: one object per line is expected")
    values: Values = {}
    for key, item in value:
        if key in values:
            raise NotARecordError(f"key {key!r} is given twice")
        if reason := bad_key(key, known):
            raise NotARecordError(reason)
        values[key] = _text(item)
    if len({key.lower() for key in values}) < len(values):
        raise NotARecordError("two keys differ in upper and lower case only")
    if "\\u" in line:
        _check_escapes(values)
    return values


def bad_key(key: str, known: dict[str, str]) -> str | None:
    """Why a key cannot be a column beside the `known` ones (lower-case name -> column); None if it can."""
    if not key.strip() or "\0" in key:
        return f"key {key!r} is no name"
    if key.lower() == ROW_COLUMN:
        return f"key {key!r} is the name of record numbers"
    column = known.get(key.lower(), key)
    return None if column == key else f"key {key!r} differs from {column!r} in upper and lower case only"


def _depth(line: str) -> int:
    depth = deepest = 0
    in_string = escaped = False
    for character in line:
        if in_string:
            in_string = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _check_escapes(values: Values) -> None:
    for key, value in values.items():
        for text in (key, value or ""):
            if "\0" in text:
                raise NotARecordError(f"NUL character (\\u0000) in {key!a}")
            if any("\ud800" <= character <= "\udfff" for character in text):
                raise NotARecordError(f"unpaired surrogate escape in {key!a}")


def _constant(text: str) -> Any:
    raise NotARecordError(f"not JSON: {text} is no JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_Pairs, parse_float=_Number, parse_int=_Number, parse_constant=_constant)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return str(value)
    return _json(value)


def _json(value: Any) -> str:
    if isinstance(value, _Pairs):
        return "{" + ",".join(f"{_json(key)}:{_json(item)}" for key, item in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, str) and "\0" in value:
        raise NotARecordError("NUL character (\\u0000) in a nested value")
    return json.dumps(value, ensure_ascii=False)
