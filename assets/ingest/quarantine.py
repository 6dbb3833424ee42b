"""Writes refused rows to the quarantine: reason, rule version, file, record number, byte offset, masked raw text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd

from assets.ingest.identifiers import direct_columns, mask_patterns, mask_shape, mask_values
from assets.landing import raw_records

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb

    from assets.ingest.unit import FileSpan, Unit
    from contracts.contract import SourceContract

LOCATED_AT_MOST = 100_000
"""Byte offset and raw text are looked up for so many refused rows of a file; beyond, the staged row stands in."""


def rejected_rows(spans: list[FileSpan]) -> int:
    """Return the number of records that are not well-formed."""
    return sum(span.item.result.rejected for span in spans)


def write_quarantine(
    connection: duckdb.DuckDBPyConnection, unit: Unit, contract: SourceContract, spans: list[FileSpan], received_at: datetime
) -> None:
    """Append the unit's refused rows: those that break the contract, and the records that are not well-formed."""
    lines = []
    if unit.mapping.is_derived:
        broken = connection.execute(
            f"select _fault, to_json(struct_pack({', '.join(f'{name} := {name}' for name in contract.key)})) "
            "from checked where _fault is not null"
        ).fetchall()
        lines += [("derived", unit.files[0].name, None, None, reason, text) for reason, text in broken]
    else:
        for span in spans:
            lines += _broken_rows(connection, contract, span)
            lines += _malformed_records(contract, span)
    if not lines:
        return
    names = ["file_id", "file_name", "record_number", "byte_offset", "reason", "raw_text"]
    frame = pd.DataFrame(lines, columns=pd.Index(names)).astype({"record_number": "Int64", "byte_offset": "Int64"})
    connection.register("refused", frame)
    connection.execute(
        "insert into warehouse.bronze.quarantine select file_id, file_name, $1, $2, record_number, byte_offset, reason, raw_text, $3 "
        "from refused",
        [contract.name, contract.version, received_at],
    )
    connection.unregister("refused")


def _broken_rows(connection: duckdb.DuckDBPyConnection, contract: SourceContract, span: FileSpan) -> list[tuple]:
    result, file = span.item.result, span.item.file
    rows = connection.execute(
        f"select checked._row - {span.first}, _fault, to_json(staged) from checked "
        f'join staging."{result.table}" as staged on staged._row = checked._row - {span.first} '
        f"where _fault is not null and checked._row > {span.first} and checked._row <= {span.last}"
    ).fetchall()
    if not rows:
        return []
    identifiers = direct_columns(contract.name, result.columns)
    located = {}
    if result.format != "parquet" and len(rows) <= LOCATED_AT_MOST:
        located = raw_records(file.path, [row[0] for row in rows], span.item.options)
    lines = []
    for number, reason, staged in rows:
        values = json.loads(staged)
        values.pop("_row", None)
        secret = [str(values[name]) for name in identifiers if values.get(name) is not None]
        offset, text = located.get(number, (None, None))
        if text is None:
            text = json.dumps({name: value for name, value in values.items() if name not in identifiers}, ensure_ascii=False)
        lines.append((file.file_id, file.name, number, offset, reason, mask_values(text, secret)))
    return lines


def _malformed_records(contract: SourceContract, span: FileSpan) -> list[tuple]:
    result, file = span.item.result, span.item.file
    mask = mask_shape if direct_columns(contract.name, result.columns) else mask_patterns
    return [
        (file.file_id, file.name, reject.record_number, reject.byte_offset, reject.reason, mask(reject.raw_text))
        for reject in result.rejects
    ]
