"""Which dates of an incremental table are stale: what ingest has touched since the table was built, or all of them.

Ingest records dates by contract (`assets/ingest/touched.py`); of which contracts a table's dates come is parsed from its inputs.
How the dates are built belongs to `assets/table_builds.py`, the arithmetic of ranges to `assets/date_ranges.py`.
"""

import hashlib
from collections.abc import Sequence
from datetime import date
from functools import cache

from assets.date_ranges import cut_range, days_after, merge_dates
from assets.landing.engine import Connection
from contracts.sources import DATED_BY
from sql.queries import Query, load_queries

_ROWS_AT_ONCE = 10_000_000


def dated_contracts(query: Query) -> frozenset[str]:
    """Return the contracts whose changed dates make dates of the table stale.

    They are found in its inputs and in theirs, through views and incremental tables. A full table has no dates: what changes
    in users or products makes no date stale, so an incremental table takes nothing from them but keys.
    """
    queries, found = load_queries(), set()
    for table in query.inputs:
        layer, name = table.split(".")
        upstream = queries.get(table)
        if upstream and upstream.kind in ("incremental", "view"):
            found |= dated_contracts(upstream)
        elif layer == "bronze" and name in DATED_BY:
            found.add(name)
    return frozenset(found)


def lineage_version(query: Query) -> str:
    """Return eight hex digits that change with the text of the query or of any query its rows come from."""
    return _lineage_version(query.table, query.version, query.inputs)


@cache
def _lineage_version(table: str, version: str, inputs: tuple[str, ...]) -> str:
    queries = load_queries()
    parts = [version, *(lineage_version(queries[name]) for name in inputs if name in queries and name != table)]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:8]


def is_built(connection: Connection, query: Query) -> bool:
    """Return whether the table was built to its end by the queries as they are now."""
    stored = connection.execute(
        "select version from bronze.table_state where table_name = $1", [query.table]
    ).fetchall()
    return stored == [(lineage_version(query),)]


def stale_ranges(connection: Connection, query: Query) -> list[tuple[date, date]]:
    """Return the touched dates of a built table as ranges [from, until), widened by its lookback."""
    touched = connection.execute(
        "select distinct touched_date from bronze.touched_dates where table_name = $1 and contract in (select unnest($2))",
        [query.table, sorted(dated_contracts(query))],
    ).fetchall()
    return merge_dates([row[0] for row in touched], widen_days=query.lookback_days)


def all_dates(connection: Connection, query: Query) -> list[tuple[date, date]]:
    """Return the range from the first to the last date of the contracts the table comes of, or none when they are empty."""
    bounds = " union all ".join(
        f"select min({column}), max({column}) from bronze.{contract}" for contract, column in _dated_tables(query)
    )
    first, last = connection.execute(f"select min(first), max(last) from ({bounds}) as bounds(first, last)").fetchall()[
        0
    ]
    return [] if first is None else [(first, days_after(last, query.lookback_days + 1))]


def pieces(connection: Connection, query: Query, span: tuple[date, date]) -> list[tuple[date, date]]:
    """Return the range cut so that the sorts of a piece stay in memory: a year of 100 million events at once costs twice."""
    counts = " union all ".join(
        f"select count(*) from bronze.{contract} where {column} >= $1 and {column} < $2"
        for contract, column in _dated_tables(query)
    )
    rows = connection.execute(f"select sum(rows_count) from ({counts}) as counts(rows_count)", list(span)).fetchall()
    return cut_range(span, pieces=-(-int(rows[0][0] or 0) // _ROWS_AT_ONCE))


def _dated_tables(query: Query) -> list[tuple[str, str]]:
    """Return the contracts of the table that bear a date themselves, with its column."""
    return [(name, column) for name in sorted(dated_contracts(query)) if (column := DATED_BY[name]) is not None]


def within(column: str, ranges: Sequence[tuple[date, date]]) -> str:
    """Return an SQL condition: the date lies in one of the ranges [from, until)."""
    spans = (f"({column} >= date '{first}' and {column} < date '{until}')" for first, until in ranges)
    return f"({' or '.join(spans) or 'false'})"
