"""Writes refused rows to the quarantine: reason, rule version, file, record number, byte offset, masked raw text.

Records that are not well-formed are written when their file is read, by `assets/ingest/staging.py`.
"""

import json
from collections.abc import Iterator
from datetime import datetime

import pandas as pd

from assets.ingest.identifiers import MASK, mask_patterns
from assets.ingest.plan import DERIVED, Unit
from assets.ingest.views import FileSpan, Landing
from assets.landing import raw_records
from assets.landing.engine import Connection
from contracts.contract import SourceContract

LOCATED_AT_MOST = 10_000
"""Byte offset and raw text are looked up for so many refused rows of a file; beyond, the staged row stands in as JSON."""
_CHUNK = 50_000
_COLUMNS = ["file_id", "file_name", "record_number", "byte_offset", "reason", "raw_text"]

Line = tuple[str, str, int | None, int | None, str, str]


def write_quarantine(
    connection: Connection, unit: Unit, contract: SourceContract, landing: Landing, received_at: datetime
) -> None:
    """Append the unit's rows that break the contract, some thousands at a time."""
    chunks = [_derived_rows(connection, unit, contract)] if unit.mapping.is_derived else []
    if not unit.mapping.is_derived:
        chunks = (lines for span in landing.filled for lines in _broken_rows(connection, span))
    for lines in chunks:
        if not lines:
            continue
        frame = pd.DataFrame(lines, columns=pd.Index(_COLUMNS)).astype(
            {"record_number": "Int64", "byte_offset": "Int64"}
        )
        connection.register("refused_lines", frame)
        connection.execute(
            "insert into warehouse.bronze.quarantine select file_id, file_name, $1, $2, record_number, byte_offset, reason, "
            "raw_text, $3 from refused_lines",
            [contract.name, contract.version, received_at],
        )
        connection.unregister("refused_lines")


def _derived_rows(connection: Connection, unit: Unit, contract: SourceContract) -> list[Line]:
    """Return the refused rows of a deriving mapping: they have no record, their key stands for it."""
    key = ", ".join(f"{name} := {name}" for name in contract.key)
    rows = connection.execute(
        f"select refused._fault, to_json(struct_pack({key})) from checked inner join refused using (_row) "
        "where refused._excluded is null order by all"
    ).fetchall()
    return [(DERIVED, unit.file_names, None, None, reason, mask_patterns(text)) for reason, text in rows]


def _broken_rows(connection: Connection, span: FileSpan) -> Iterator[list[Line]]:
    """Yield the file's rows that break the contract in chunks.

    Of a file with direct identifiers the row is kept as JSON with these masked: in the raw text a name may be written in
    several ways (quotes doubled, characters escaped).
    """
    result, file, first = span.item.result, span.item.file, span.first
    numbers = [
        row[0]
        for row in connection.execute(
            f"select _row - {first} from refused where _excluded is null "
            f"and _row > {first} and _row <= {span.last} order by 1"
        ).fetchall()
    ]
    located: dict[int, tuple[int, str]] = {}
    if numbers and result.format != "parquet" and len(numbers) <= LOCATED_AT_MOST:
        located = raw_records(file.path, numbers, span.item.options)
    for start in range(0, len(numbers), _CHUNK):
        chunk = numbers[start : start + _CHUNK]
        rows = connection.execute(
            f'select staged._row, _fault, to_json(staged) from staging."{result.table}" as staged '
            f"inner join refused on refused._row = staged._row + {first} "
            "where _excluded is null and staged._row >= $1 and staged._row <= $2 order by 1",
            [chunk[0], chunk[-1]],
        ).fetchall()
        lines = []
        for number, reason, staged in rows:
            offset, text = located.get(number, (None, None))
            if text is None or span.item.identifiers:
                text = _masked_json(staged, span.item.identifiers)
            lines.append((file.file_id, file.name, number, offset, reason, mask_patterns(text)))
        yield lines


def _masked_json(staged: str, identifiers: tuple[str, ...]) -> str:
    values = json.loads(staged)
    values.pop("_row", None)
    for name in identifiers:
        if values.get(name) is not None:
            values[name] = MASK
    return json.dumps(values, ensure_ascii=False)
