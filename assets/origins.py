"""Builds training samples: features and labels of past origins, by the same SQL files, in a scratch catalogue."""

from datetime import date
from typing import Literal

import pandas as pd

from assets.scratch import open_scratch
from assets.sequences import with_recent_days
from assets.warehouse import Warehouse
from sql.queries import Query, load_queries

CHURN_ELIGIBLE = "last_active_days"


def training_samples(
    warehouse: Warehouse,
    origins: list[date],
    horizon_days: int,
    *,
    users_at_most: int,
    days: Literal["none", "recent"] = "none",
) -> pd.DataFrame:
    """Return one row per user and origin: all features known at the origin and what happened in the horizon after it.

    Built for the stable sample of at most `users_at_most` users; stored snapshots are neither read nor changed.
    `days="recent"` adds the column `recent_days`, which a sequence model reads.
    """
    queries = _needed_by("feature.user_features", "label.user_outcomes")
    frames = []
    copied = {name for query in queries for name in query.inputs if name.startswith("core.")}
    with open_scratch(warehouse, users_at_most=users_at_most, copied=copied) as scratch:
        for origin in sorted(origins):
            parameters = {"as_of": origin, "horizon_days": horizon_days}
            for query in queries:
                used = {name: value for name, value in parameters.items() if name in query.parameters}
                select = scratch.typed_select(query, used)
                scratch.connection.execute(f"create or replace table {query.table} as {select}", used)
            frame = scratch.frame(
                "select features.*, outcomes.has_purchased, outcomes.has_churned, outcomes.future_orders_count, "
                "outcomes.future_net_amount from feature.user_features as features "
                "inner join label.user_outcomes as outcomes on features.user_id = outcomes.user_id "
                "order by features.user_id"
            )
            frames.append(with_recent_days(scratch, frame, origin) if days == "recent" else frame)
    return pd.concat(frames, ignore_index=True)


def _needed_by(*tables: str) -> list[Query]:
    """Return the feature and label queries that make these tables, in the order of building."""
    queries, needed, waiting = load_queries(), set(), list(tables)
    while waiting:
        table = waiting.pop()
        if table in queries and queries[table].layer in ("feature", "label"):
            needed.add(table)
            waiting += [name for name in queries[table].inputs if name not in needed]
    return [query for name, query in queries.items() if name in needed]
