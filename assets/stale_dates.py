"""Which dates of an incremental table are stale: what ingest has touched since the table was built, or all of them.

Ingest records dates by contract (`assets/ingest/touched.py`), builds those of tables that tell (`assets/told_changes.py`); of
which of them a table's dates come is parsed from its inputs.
How the dates are built belongs to `assets/table_builds.py`, the arithmetic of ranges to `assets/date_ranges.py`.
"""

import hashlib
from collections.abc import Sequence
from datetime import date
from functools import cache

from assets.date_ranges import cut_range, days_after, first_of_period, merge_dates
from assets.landing.engine import Connection
from contracts.sources import DATED_BY
from sql.queries import Query, load_queries

_ROWS_AT_ONCE = 10_000_000


def dated_contracts(query: Query) -> frozenset[str]:
    """Return what makes dates of the table stale: contracts whose dates change, and tables that tell what changed in them.

    They are found in its inputs and in theirs, through views and incremental tables, up to tables that tell. A full table
    has no dates: what changes in users or products makes no date stale, so an incremental table takes nothing from them
    but keys.
    """
    queries, found = load_queries(), set()
    for table in query.inputs:
        layer, name = table.split(".")
        upstream = queries.get(table)
        if upstream and upstream.tells_changes:
            found.add(table)
        elif upstream and upstream.kind in ("incremental", "view"):
            found |= dated_contracts(upstream)
        elif layer == "bronze" and name in DATED_BY:
            found.add(name)
    return frozenset(found)


def readers_of(query: Query) -> list[Query]:
    """Return the tables by date and by user, and the views, that take what changed from this one, which tells it."""
    queries, kinds = load_queries().values(), ("incremental", "by_user", "view")
    return [reader for reader in queries if reader.kind in kinds and query.table in dated_contracts(reader)]


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
    """Return the touched dates of a built table as ranges [from, until): widened, of periods or onward as its header says."""
    touched = connection.execute(
        "select distinct touched_date from bronze.touched_dates where table_name = $1 and contract in (select unnest($2))",
        [query.table, sorted(dated_contracts(query))],
    ).fetchall()
    dates = [row[0] for row in touched]
    ranges = merge_dates(_partitions_of(query, dates), widen_days=query.lookback_days)
    if not ranges or not query.reaches_onward:
        return ranges
    # a date that holds nothing any more may be later than all that do
    ends = [until for _, until in (*ranges, *all_dates(connection, query))]
    return [(ranges[0][0], max(ends))]


def all_dates(connection: Connection, query: Query) -> list[tuple[date, date]]:
    """Return the range from the first to the last date of what the table comes of, or none when that is empty."""
    bounds = " union all ".join(
        f"select min({column}), max({column}) from {table}" for table, column in _dated_tables(query)
    )
    first, last = connection.execute(f"select min(first), max(last) from ({bounds}) as bounds(first, last)").fetchall()[
        0
    ]
    return [] if first is None else [(min(_partitions_of(query, [first])), days_after(last, query.lookback_days + 1))]


def _partitions_of(query: Query, dates: list[date]) -> list[date]:
    """Return where rows of these dates stand: on the dates themselves, or on the first days of the periods they lie in."""
    return [first_of_period(day, period) for day in dates for period in query.periods] if query.periods else dates


def pieces(connection: Connection, query: Query, span: tuple[date, date]) -> list[tuple[date, date]]:
    """Return the range cut so that the sorts of a piece stay in memory: a year of 100 million events at once costs twice."""
    counts = " union all ".join(
        f"select count(*) from {table} where {column} >= $1 and {column} < $2" for table, column in _dated_tables(query)
    )
    rows = connection.execute(f"select sum(rows_count) from ({counts}) as counts(rows_count)", list(span)).fetchall()
    return cut_range(span, pieces=-(-int(rows[0][0] or 0) // _ROWS_AT_ONCE))


def _dated_tables(query: Query) -> list[tuple[str, str]]:
    """Return the tables that dates of the table come from and that bear one themselves, with its column."""
    queries = load_queries()
    found = [
        (name, queries[name].partition) if name in queries else (f"bronze.{name}", DATED_BY[name])
        for name in sorted(dated_contracts(query))
    ]
    return [(table, column) for table, column in found if column is not None]


def within(column: str, ranges: Sequence[tuple[date, date]]) -> str:
    """Return an SQL condition: the date lies in one of the ranges [from, until)."""
    spans = (f"({column} >= date '{first}' and {column} < date '{until}')" for first, until in ranges)
    return f"({' or '.join(spans) or 'false'})"
