"""Tells mappings whose rows can be read twice for less than storing them once, and what makes their values cheap to take.

A unit of Parquet that a mapping only projects is never copied: it is checked in one pass and stored in a second.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from assets.ingest.views import Landing
from assets.landing.engine import Connection
from assets.stored_layout import ALMOST_UNIQUE

BLANKS = " \t\r\n\u00a0\u3000"
"""What is trimmed off the ends of texts."""

_STREAMING = {"PROJECTION", "READ_PARQUET"}
_FIRST, _LAST = datetime(1900, 1, 1), datetime(9999, 1, 1)  # noqa: DTZ001 UTC without zone, as DuckDB returns it
_STEP_S = 900
_LOOKED_AT_FROM_ROWS = 100_000
_MOST_STEPS = 8
_MOST_DAYS = 366 * 40


@dataclass(frozen=True)
class OffsetStep:
    """From which UTC second on (of the epoch) the session's time zone is ahead of UTC by how many microseconds."""

    from_s: int
    offset_us: int


def is_streaming(connection: Connection, landing: Landing, mapped_sql: str) -> bool:
    """Return whether the mapping does no more than pick and compute columns of Parquet rows, by the engine's own plan."""
    if any(item.result.format != "parquet" for item in landing.items):
        return False
    row = connection.execute(f"explain (format json) {mapped_sql}").fetchone()
    return row is not None and all(set(_operators(node)) <= _STREAMING for node in json.loads(row[1]))


def _operators(node: dict) -> list[str]:
    return [node["name"].strip(), *(name for child in node["children"] for name in _operators(child))]


def clean_texts(connection: Connection, mapped_sql: str, types: dict[str, str]) -> frozenset[str]:
    """Return the text columns of which no value is empty, has a blank or control character at an end, or holds a NUL.

    They can be taken as they are; looking once costs a third of trimming and checking every value in both passes. Small files
    are not looked at: planning the question costs more there.
    """
    rows = connection.execute(f"select count(*) from ({mapped_sql})").fetchall()[0][0]
    if rows < _LOOKED_AT_FROM_ROWS:
        return frozenset()
    texts = [name for name, kind in types.items() if kind == "VARCHAR" and not name.startswith("_")]
    checks = []
    for name in texts:
        column = f'"{name}"'
        is_foreign = f"{column} >= '\u0080' or {column}[-1] >= '\u0080'"
        blank_ends = f"case when {is_foreign} then {column} <> trim({column}, '{BLANKS}') else false end"
        unfit = f"{column} < '!' or {column}[-1] < '!' or {blank_ends} or contains({column}, chr(0))"
        # few different values are looked at once each; ids of single events are nearly all different
        source = f"({mapped_sql})" if name in ALMOST_UNIQUE else f"(select distinct {column} from ({mapped_sql}))"
        checks.append(f"(select coalesce(bool_or({unfit}), false) from {source})")
    found = connection.execute(f"select {', '.join(checks)}").fetchone() if checks else ()
    return frozenset(name for name, is_unfit in zip(texts, found or (), strict=True) if not is_unfit)


def offset_steps(connection: Connection, mapped_sql: str, times: list[str]) -> tuple[OffsetStep, ...]:
    """Return the changes of the session zone's UTC offset over the range of the mapped times with zone; empty if there are many.

    The engine converts the quarter hours of the range instead of every row: converting rows costs more than storing them.
    """
    if not times:
        return ()
    bounds = ", ".join(
        f'make_timestamp(epoch_us({bound}("{one}") filter (where isfinite("{one}"))))'
        for one in times
        for bound in ("min", "max")
    )
    found = connection.execute(f"select {bounds} from ({mapped_sql})").fetchone() or ()
    known = [value for value in found if value is not None]
    if not known:
        return ()
    first, last = min(known) - timedelta(days=1), max(known) + timedelta(days=1)
    if first < _FIRST or last > _LAST or (last - first).days > _MOST_DAYS:
        return ()
    rows = connection.execute(
        """
        with quarters as (
            select make_timestamp(quarter * $step * 1000000) as quarter
            from (
                select unnest(
                    range(cast(floor(epoch($first) / $step) as bigint), cast(ceil(epoch($last) / $step) as bigint))
                ) as quarter
            )
        ),
        ahead as (
            select quarter, epoch_us(cast(timezone('UTC', quarter) as timestamp)) - epoch_us(quarter) as offset_us from quarters
        )
        select cast(epoch(quarter) as bigint), offset_us
        from (select *, lag(offset_us) over (order by quarter) as previous_us from ahead)
        where previous_us is null or previous_us <> offset_us
        order by 1
        """,
        {"first": first, "last": last, "step": _STEP_S},
    ).fetchall()
    return tuple(OffsetStep(*row) for row in rows) if len(rows) <= _MOST_STEPS else ()
