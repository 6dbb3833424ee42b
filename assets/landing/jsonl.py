"""JSON Lines into a staging table of texts: one object per line, one column per top-level key.

Every line is read by Python's json with hooks that refuse what other readers pass over: keys given twice, NaN, unpaired surrogates.
Numbers keep the text of the file; nested values become compact JSON text.
"""

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa

from assets.landing.encoding import BAD_LINE_MARK, Utf8Text
from assets.landing.ledger import (
    MAX_RECORD_BYTES,
    RAW_TEXT_BYTES,
    ROW_COLUMN,
    Reject,
    UnreadableFileError,
    checked_columns,
    quoted,
)
from assets.landing.text_scan import whole_lines

MAX_DEPTH = 64
MAX_KEYS = 2000
_BATCH_LINES = 50_000
_VIEW = "trellis_landing_batch"
_BLANK = (b"", b"\r")

Values = dict[str, str | None]


class _Number(str):
    """The text of a number, told apart from a string when a nested value is written as JSON again."""

    __slots__ = ()


def stage_jsonl(
    connection: duckdb.DuckDBPyConnection, text: Utf8Text, name: str, table: str
) -> tuple[int, tuple[str, ...], list[Reject]]:
    """Records counted, columns in order of appearance, rejected records; fills `staging.<table>`, every key as VARCHAR."""
    target = f"staging.{quoted(table)}"
    connection.execute(f"create table {target} ({quoted(ROW_COLUMN)} bigint)")
    columns: dict[str, None] = {}
    rejects: list[Reject] = []
    blank = 0
    batch: list[tuple[int, Values]] = []

    def flush() -> None:
        new = [key for _, values in batch for key in values if key not in columns]
        for key in dict.fromkeys(new):
            columns[key] = None
            if len(columns) > MAX_KEYS:
                msg = f"{name}: more than {MAX_KEYS} different top-level keys: put them into one nested object, or split the file."
                raise UnreadableFileError(msg)
        checked_columns(name, list(columns))
        for key in dict.fromkeys(new):
            connection.execute(f"alter table {target} add column {quoted(key)} varchar")
        arrays: list[pa.Array] = [pa.array([number for number, _ in batch], pa.int64())]
        arrays += [pa.array([values.get(key) for _, values in batch], pa.string()) for key in columns]
        connection.register(_VIEW, pa.table(arrays, names=[ROW_COLUMN, *(f"k{i}" for i in range(len(columns)))]))
        connection.execute(f"insert into {target} select * from {_VIEW}")
        connection.unregister(_VIEW)
        batch.clear()

    for number, offset, line in read_lines(text):
        if number is None:
            blank += 1
            continue
        try:
            batch.append((number, _values(line)))
        except ValueError as exc:
            rejects.append(_reject(number, offset, line, str(exc)))
        if len(batch) >= _BATCH_LINES:
            flush()
    if batch:
        flush()
    return text.facts.physical_lines - blank, tuple(columns), rejects


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


def _reject(number: int, offset: int, line: bytes, reason: str) -> Reject:
    raw = line[:RAW_TEXT_BYTES] if len(line) > MAX_RECORD_BYTES else line.removeprefix(BAD_LINE_MARK)
    return Reject(number, offset, reason, raw.decode("utf-8", "backslashreplace"))


def _values(line: bytes) -> Values:
    """Top-level values as text. Raises ValueError with the reason why the line is no record."""
    if len(line) > MAX_RECORD_BYTES:
        raise ValueError(f"line of {len(line):,} bytes: longer than the limit of {MAX_RECORD_BYTES:,}")
    if b"\0" in line:
        raise ValueError("NUL byte in the line")
    if line.startswith(BAD_LINE_MARK):
        raise ValueError("does not decode in the declared encoding")
    # More brackets than levels are common and harmless; more levels than brackets are impossible.
    if line.count(b"[") + line.count(b"{") > MAX_DEPTH and _depth(line) > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    try:
        value = _DECODER.decode(line.decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise ValueError(f"not valid UTF-8 at byte {exc.start} of the line") from exc
    except json.JSONDecodeError as exc:
        raise ValueError(f"not JSON: {exc.msg} at column {exc.colno}") from exc
    if type(value) is not dict:
        raise ValueError("not a JSON object: one object per line is expected")
    values = {key: item if type(item) is str else _text(item) for key, item in value.items()}
    if b"\\u" in line:
        _check_escapes(values)
    return values


def _depth(line: bytes) -> int:
    depth = deepest = 0
    quoted_text = escaped = False
    for byte in line:
        if quoted_text:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                quoted_text = False
        elif byte == 0x22:
            quoted_text = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _check_escapes(values: Values) -> None:
    for key, value in values.items():
        for text in (key, value or ""):
            if "\0" in text:
                raise ValueError(f"NUL character (\\u0000) in {key!r}")
            if any("\ud800" <= character <= "\udfff" for character in text):
                raise ValueError(f"unpaired surrogate escape in {ascii(key)}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        twice = next(key for position, (key, _) in enumerate(pairs) if key in dict(pairs[:position]))
        raise ValueError(f"key {twice!r} is given twice")
    return values


def _constant(text: str) -> Any:
    raise ValueError(f"not JSON: {text} is no JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_Number, parse_int=_Number, parse_constant=_constant)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return str(value)
    return "true" if value is True else "false" if value is False else _json(value)


def _json(value: Any) -> str:
    """Compact JSON text, numbers as they were written."""
    if isinstance(value, dict):
        return (
            "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{_json(item)}" for key, item in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    if isinstance(value, _Number):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
