"""Child process: answers one question with Polars (lazy, streaming) on the Parquet files of the core tables."""

# pyright: reportMissingImports=false
# (Polars comes with the benchmark extra only)

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from benchmarks.peers.questions import (
    FUNNEL_DAYS,
    FUNNEL_STEPS,
    RETENTION_DAYS,
    THREADS,
    Answer,
    as_of_day,
    engine_main,
)

os.environ["POLARS_MAX_THREADS"] = str(THREADS)  # read when Polars is imported

import polars as pl
from polars import col

Tables = Callable[[str], pl.LazyFrame]


def _signed_in(events: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    people = tables("user_keys").filter(~col("is_anonymous")).select("user_key")
    return events.join(people, on="user_key", how="semi")


def _day_rollup(tables: Tables, _: date) -> pl.LazyFrame:
    def counted(name: str, *kinds: str) -> pl.Expr:
        return col("event_type").is_in(kinds).sum().alias(name)

    return (
        _signed_in(tables("events"), tables)
        .group_by("user_key", "activity_date")
        .agg(
            pl.len().alias("events_count"),
            counted("passive_events_count", "push_open"),
            counted("views_count", "view"),
            counted("searches_count", "search"),
            counted("carts_count", "cart"),
            counted("favourites_count", "favourite"),
            counted("shares_count", "share", "invite"),
            counted("likes_count", "like", "comment", "follow"),
        )
    )


def _sessions(tables: Tables, _: date) -> pl.LazyFrame:
    gap = col("occurred_at") - col("occurred_at").shift()
    is_start = (col("user_key") != col("user_key").shift()).fill_null(value=True) | (gap > timedelta(minutes=30))
    marked = (
        tables("events")
        .filter(col("event_type") != "push_open")
        .select("user_key", "activity_date", "occurred_at", "event_type")
        .sort("user_key", "occurred_at")
        .with_columns(is_start.cum_sum().alias("session"))
        .with_columns(col("activity_date").first().over("session").alias("start_date"))
        .filter(col("activity_date") <= col("start_date") + timedelta(days=1))
    )
    sessions = marked.group_by("session", "user_key", "start_date").agg(
        col("occurred_at").min().alias("started_at"),
        col("occurred_at").max().alias("ended_at"),
        pl.len().alias("events_count"),
        (col("event_type") == "view").sum().alias("views_count"),
        (col("event_type") == "cart").sum().alias("carts_count"),
        (col("event_type") == "purchase").any().alias("has_purchase"),
    )
    return sessions.select(
        "user_key",
        col("start_date").alias("activity_date"),
        col("session").rank("ordinal").over("user_key", "start_date").alias("session_number"),
        "started_at",
        "ended_at",
        (col("ended_at") - col("started_at")).dt.total_seconds().alias("duration_s"),
        "events_count",
        "views_count",
        "carts_count",
        "has_purchase",
    )


def _funnel(tables: Tables, _: date) -> pl.LazyFrame:
    """The last valid step before is as good as any: its entry is the latest. Of one moment, steps stand in their order."""
    step = col("event_type").replace_strict({name: number for number, name in enumerate(FUNNEL_STEPS, start=1)})
    moments = (
        _signed_in(tables("events").filter(col("event_type").is_in(FUNNEL_STEPS)), tables)
        .select("user_key", "occurred_at", step.cast(pl.Int8).alias("step"))
        .sort("user_key", "occurred_at", "step")
        .with_columns(pl.when(col("step") == 1).then(col("occurred_at")).alias("entry_1"))
    )
    window = timedelta(days=FUNNEL_DAYS)
    for number in range(2, len(FUNNEL_STEPS) + 1):
        before = col(f"entry_{number - 1}").forward_fill().over("user_key")
        linked = pl.when((col("step") == number) & (col("occurred_at") - before <= window)).then(before)
        moments = moments.with_columns(linked.alias(f"entry_{number}"))
    reached = moments.group_by("user_key").agg(
        *[col(f"entry_{number}").is_not_null().any().alias(str(number)) for number in range(1, len(FUNNEL_STEPS) + 1)]
    )
    return (
        reached.select(pl.exclude("user_key").sum())
        .unpivot(variable_name="step_number", value_name="users_count")
        .with_columns(col("step_number").cast(pl.Int64))
    )


def _retention(tables: Tables, _: date) -> pl.LazyFrame:
    active = _signed_in(tables("events").filter(col("event_type") != "push_open"), tables)
    bought = tables("orders").filter(col("kind") == "sale").join(tables("users"), on="user_id")
    days = pl.concat(
        [
            active.select("user_key", "activity_date").unique(),
            bought.select("user_key", col("ordered_date").alias("activity_date")),
        ]
    ).unique()
    firsts = days.group_by("user_key").agg(col("activity_date").min().alias("cohort_date"))
    return (
        days.join(firsts, on="user_key")
        .with_columns((col("activity_date") - col("cohort_date")).dt.total_days().alias("period_offset"))
        .filter(col("period_offset") <= RETENTION_DAYS)
        .group_by("cohort_date", "period_offset")
        .agg(pl.len().alias("on_users_count"))
    )


def _rfm(tables: Tables, as_of: date) -> pl.LazyFrame:
    def in_year(name: str) -> pl.Expr:
        return (col(name) < as_of) & (col(name) >= as_of - timedelta(days=365))

    stands = col("cancelled_date").is_null() | (col("cancelled_date") >= as_of)
    ordered = (
        tables("orders")
        .filter((col("kind") == "sale") & col("user_id").is_not_null() & (col("ordered_date") < as_of) & stands)
        .group_by("user_id")
        .agg(
            (pl.lit(as_of) - col("ordered_date").max()).dt.total_days().alias("recency_days"),
            pl.len().alias("orders_count"),
        )
    )
    lines = tables("order_items").filter(stands)
    sold = lines.filter(in_year("ordered_date")).select(
        "user_id", (col("paid_amount") - col("returned_amount")).alias("amount")
    )
    refunded = lines.filter(in_year("refunded_date")).select("user_id", -col("refund_amount").alias("amount"))
    spent = pl.concat([sold, refunded]).group_by("user_id").agg(col("amount").sum().alias("net_amount_365d"))

    def score(figure: pl.Expr) -> pl.Expr:
        ranked = 1 + 5 * (figure.rank("min").cast(pl.Int64) - 1) // pl.len()
        # a figure that is the same for everybody tells nobody apart
        return pl.when(figure.min() == figure.max()).then(pl.lit(3, pl.Int64)).otherwise(ranked)

    return (
        ordered.join(spent, on="user_id", how="left")
        .with_columns(col("net_amount_365d").fill_null(0))
        .with_columns(
            score(-col("recency_days")).alias("recency_score"),
            score(col("orders_count")).alias("frequency_score"),
            score(col("net_amount_365d")).alias("monetary_score"),
        )
    )


_ANSWERS = {
    "day_rollup": _day_rollup,
    "sessions": _sessions,
    "funnel": _funnel,
    "retention": _retention,
    "rfm": _rfm,
}


@contextmanager
def answering(question: str, data: Path, target: Path) -> Iterator[tuple[Answer, Answer]]:
    """Yield what answers the question and what writes the answer."""
    as_of = date.fromisoformat(as_of_day(data))
    held: list[pl.DataFrame] = []

    def tables(name: str) -> pl.LazyFrame:
        return pl.scan_parquet(data / f"{name}.parquet")

    def answer() -> None:
        held[:] = [_ANSWERS[question](tables, as_of).collect(engine="streaming")]

    yield answer, lambda: held[0].write_parquet(target)


if __name__ == "__main__":
    engine_main(answering)
