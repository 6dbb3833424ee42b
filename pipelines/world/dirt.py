"""Dirty rows: broken copies of good rows put between them, each with its place and kind written down.

Belongs here: how a row is broken. Does not belong here: how a pipeline should answer. Good rows are never touched, so
accepted data and truth stay the same whatever the share of dirt.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa

from pipelines.world.model import WorldModel
from pipelines.world.writing import FileFormat, TableWriter, csv_header, csv_lines

FUTURE = datetime(2199, 1, 1, tzinfo=UTC)
MOST_NON_UTF8 = 3
"""Lines of a block and source that do not decode: with many of them a file is rightly refused as one of another
encoding.
"""
_SOURCE_NUMBER = {"users": 0, "products": 1, "events": 2, "orders": 3, "order_items": 4, "feedback": 5}
_KEY = {
    "users": "user_id", "products": "product_id", "events": "event_id", "orders": "order_id", "order_items": "order_id",
    "feedback": "feedback_id",
}  # fmt: skip
_TIME = {"users": "registered_at", "events": "occurred_at", "orders": "ordered_at", "feedback": "created_at"}
_NUMBER = {"products": "list_price", "order_items": "line_amount", "orders": "shipping_fee"}
_TEXT = {
    "users": "occupation", "products": "name", "events": "channel", "orders": "carrier", "order_items": "product_id",
    "feedback": "text",
}  # fmt: skip

KINDS_TYPED = {
    "users": ("missing_key", "future_date", "duplicate_row"),
    "products": ("missing_key", "duplicate_row"),
    "events": ("missing_key", "future_date", "duplicate_row", "nul_byte"),
    "orders": ("missing_key", "future_date", "duplicate_row", "unknown_currency", "unknown_status"),
    "order_items": ("missing_key", "negative_price", "duplicate_row"),
    "feedback": ("missing_key", "future_date", "duplicate_row", "nul_byte"),
}
"""Kinds that a typed format such as Parquet can hold, by source."""
_KINDS_AS_TEXT = ("bad_number", "bad_date", "non_utf8", "too_few_columns", "nul_byte")


@dataclass(frozen=True)
class DirtyRow:
    """One dirty row: file name, 1-based record number among its data records, kind, and the key it claims (empty =
    none).
    """

    source: str
    file: str
    record_number: int
    kind: str
    identifier: str


def kinds_of(source: str, file_format: FileFormat) -> tuple[str, ...]:
    """Return the kinds of dirt that a source can have in a format."""
    kinds = KINDS_TYPED[source]
    if file_format == "parquet":
        return kinds
    lacking = {"bad_number": _NUMBER, "bad_date": _TIME}
    more = [kind for kind in _KINDS_AS_TEXT if source in lacking.get(kind, {source: ""}) and kind not in kinds]
    return (*kinds, *more)


def write_dirty(
    world: WorldModel,
    writer: TableWriter,
    table: pa.Table,
    *,
    source: str,
    block: int,
    share: float,
    file_format: FileFormat,
) -> list[DirtyRow]:
    """Append the table with `share` times its rows of dirt in between (block 0: at least one of each kind); return
    the dirt.
    """
    kinds = kinds_of(source, file_format)
    rng = world.random(20 + _SOURCE_NUMBER[source], block)
    count = max(round(share * len(table)), len(kinds) if block == 0 else 0)
    if not len(table) or not count:
        writer.write(table)
        return []
    chosen = _chosen_kinds(kinds, count, block)
    origins = _origins(rng, table, source, chosen)
    places = np.sort(rng.integers(0, len(table) + 1, count))
    names = [f"dirty-{source}-{block:05d}-{number:06d}" for number in range(count)]
    broken = [
        _broken_row(table, int(origin), kind=kind, source=source, name=name)
        for origin, kind, name in zip(origins, chosen, names, strict=True)
    ]
    # Dirt stands before the good row of its place; earlier dirt shifts it by one each.
    numbers = writer.records + places + np.arange(count) + 1
    if file_format == "parquet":
        _write_typed(writer, table, broken, places)
    else:
        _write_text(writer, table, broken, places, kinds=chosen, source=source)
    return [
        DirtyRow(source, writer.path.name, int(number), kind, _identifier(row, source))
        for number, kind, row in zip(numbers, chosen, broken, strict=True)
    ]


def _chosen_kinds(kinds: tuple[str, ...], count: int, block: int) -> list[str]:
    chosen = [kinds[(number + block) % len(kinds)] for number in range(count)]
    undecodable = [place for place, kind in enumerate(chosen) if kind == "non_utf8"]
    for place in undecodable[MOST_NON_UTF8:]:
        chosen[place] = "missing_key"
    return chosen


def _origins(rng: np.random.Generator, table: pa.Table, source: str, kinds: list[str]) -> np.ndarray:
    origins = rng.integers(0, len(table), len(kinds))
    if source == "order_items":
        # A negative amount is only wrong on a sale: returns have negative quantities.
        sales = np.flatnonzero(table.column("quantity").to_numpy() > 0)
        origins = sales[rng.integers(0, len(sales), len(kinds))]
    return origins


def _broken_row(table: pa.Table, origin: int, *, kind: str, source: str, name: str) -> dict[str, object]:
    row = table.slice(origin, 1).to_pylist()[0]
    if kind == "duplicate_row":
        return row
    if source == "order_items":
        row["line_number"] = 1000 + int(name[-6:])
    else:
        row[_KEY[source]] = name
    changes: dict[str, Callable[[], dict[str, object]]] = {
        "missing_key": lambda: {_KEY[source]: None},
        "future_date": lambda: {_TIME[source]: FUTURE},
        "unknown_currency": lambda: {"currency": "XXQ"},
        "unknown_status": lambda: {"status": "teleported"},
        "negative_price": lambda: {"line_amount": -abs(row["line_amount"]) or Decimal("-1.0000")},
        "nul_byte": lambda: {_TEXT[source]: "broken\x00text"},
        "non_utf8": lambda: {_TEXT[source]: "@@BYTE@@"},
        "bad_number": dict,
        "bad_date": dict,
        "too_few_columns": dict,
    }
    return row | changes[kind]()


def _identifier(row: dict[str, object], source: str) -> str:
    key = row[_KEY[source]]
    if source == "order_items":
        return f"{key or ''}/{row['line_number']}"
    return str(key or "")


def _write_typed(writer: TableWriter, table: pa.Table, broken: list[dict[str, object]], places: np.ndarray) -> None:
    dirt = pa.Table.from_pylist(broken, schema=_plain_schema(table)).cast(table.schema)
    order = np.insert(np.arange(len(table)), places, len(table) + np.arange(len(broken)))
    merged = pa.concat_tables([table, dirt]).unify_dictionaries()
    writer.write(merged.take(pa.array(order)))


def _plain_schema(table: pa.Table) -> pa.Schema:
    return pa.schema(
        [(field.name, pa.string() if pa.types.is_dictionary(field.type) else field.type) for field in table.schema]
    )


def _write_text(
    writer: TableWriter,
    table: pa.Table,
    broken: list[dict[str, object]],
    places: np.ndarray,
    *,
    kinds: list[str],
    source: str,
) -> None:
    good = csv_lines(table).splitlines(keepends=True)
    dirt = pa.Table.from_pylist(broken, schema=_plain_schema(table))
    names = table.column_names
    lines = [
        _broken_line(line, kind, names, source)
        for line, kind in zip(csv_lines(dirt).splitlines(keepends=True), kinds, strict=True)
    ]
    merged: list[bytes] = []
    last = 0
    for place, line in zip(places, lines, strict=True):
        merged.extend(good[last:place])
        merged.append(line)
        last = place
    merged.extend(good[last:])
    writer.write_lines(csv_header(table), merged)


def _broken_line(line: bytes, kind: str, names: list[str], source: str) -> bytes:
    if kind == "non_utf8":
        return line.replace(b"@@BYTE@@", b"caf\xe9\xff")
    if kind not in ("bad_number", "bad_date", "too_few_columns"):
        return line
    fields = _fields(line.rstrip(b"\n"))
    if kind == "too_few_columns":
        return b",".join(fields[: len(fields) // 2]) + b"\n"
    column, text = (
        (_NUMBER[source], b'"12x.5"') if kind == "bad_number" else (_TIME[source], b'"2024-13-45T99:00:00+08:00"')
    )
    fields[names.index(column)] = text
    return b",".join(fields) + b"\n"


def _fields(line: bytes) -> list[bytes]:
    """Return the fields of a record as written, quotes kept: a comma within quotes does not end a field."""
    fields, start, quoted = [], 0, False
    for place, byte in enumerate(line):
        if byte == ord('"'):
            quoted = not quoted
        elif byte == ord(",") and not quoted:
            fields.append(line[start:place])
            start = place + 1
    return [*fields, line[start:]]
