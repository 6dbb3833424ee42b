"""Removes old snapshots of users, so that a home grows with its users and not with its runs. Nothing else is removed here."""

from datetime import date
from itertools import groupby

from assets.warehouse import Warehouse
from contracts.outputs import TABLES
from sql.queries import load_queries


def kept_as_ofs(as_ofs: list[date], *, keep_daily: int) -> list[date]:
    """Return which snapshots stay: the newest `keep_daily`, and the first of every calendar month."""
    ordered = sorted(as_ofs)
    firsts = [next(of_month) for _, of_month in groupby(ordered, key=lambda day: (day.year, day.month))]
    return sorted({*ordered[-keep_daily:], *firsts})


def snapshot_tables(warehouse: Warehouse) -> list[str]:
    """Return the stored tables with one row per user and as_of.

    Tables with few rows per as_of (sizes of lists, cards, summaries, the clustering) are history and stay whole.
    """
    grains = {table.name: table.grain for table in TABLES.values()}
    grains |= {query.table: query.grain for query in load_queries().values() if query.kind == "snapshot"}
    return sorted(
        table for table, grain in grains.items() if {"user_id", "as_of"} <= set(grain) and warehouse.exists(table)
    )


def prune_snapshots(warehouse: Warehouse, as_of: date, *, keep_daily: int) -> dict[date, int]:
    """Remove snapshots beyond those kept from every table, in one transaction, and return as_of -> rows removed.

    The snapshot of this run's as_of stays, however old: in a backfill the next as_of tells from it who entered a list.
    """
    tables = snapshot_tables(warehouse)
    stored = " union ".join(f"select as_of from {table}" for table in tables)
    as_ofs = [row[0] for row in warehouse.connection.execute(f"select distinct as_of from ({stored})").fetchall()]
    gone = sorted(set(as_ofs) - {as_of, *kept_as_ofs(as_ofs, keep_daily=keep_daily)})
    removed = dict.fromkeys(gone, 0)
    if not gone:
        return removed
    with warehouse.transaction():
        for table in tables:
            counted = f"select as_of, count(*) from {table} where list_contains($gone, as_of) group by as_of"
            for day, rows in warehouse.connection.execute(counted, {"gone": gone}).fetchall():
                removed[day] += rows
            warehouse.connection.execute(f"delete from {table} where list_contains($gone, as_of)", {"gone": gone})
    return removed
