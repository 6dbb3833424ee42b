"""Child process: answers one question with ClickHouse (chdb) on the Parquet files of the core tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chdb.session import Session

from benchmarks.peers.questions import THREADS, Answer, as_of_day, engine_main

_SQL = Path(__file__).parent / "clickhouse"
_STRUCTURES = {
    "events": "user_key Int32, activity_date Date32, occurred_at DateTime64(6, 'UTC'), event_type LowCardinality(String)",
    "user_keys": "user_key Int32, is_anonymous Bool",
    "users": "user_key Int32, user_id String",
    "orders": "user_id Nullable(String), kind LowCardinality(String), ordered_date Date32, cancelled_date Nullable(Date32)",
    "order_items": "user_id Nullable(String), ordered_date Date32, cancelled_date Nullable(Date32), paid_amount Decimal(18, 4), "
    "returned_amount Decimal(18, 4), refunded_date Nullable(Date32), refund_amount Decimal(18, 4)",
}
"""Columns that a question reads, with the narrowest types: nothing is left to be inferred."""


@contextmanager
def answering(question: str, data: Path, target: Path) -> Iterator[tuple[Answer, Answer]]:
    """Yield what answers the question and what writes the answer."""
    with Session() as session:
        session.query("create database shop")
        session.query("use shop")
        session.query(f"set max_threads = {THREADS}")
        for name, structure in _STRUCTURES.items():
            quoted = structure.replace("'", "\\'")
            session.query(f"create view {name} as select * from file('{data / name}.parquet', 'Parquet', '{quoted}')")
        select = (_SQL / f"{question}.sql").read_text(encoding="utf-8").replace("{as_of}", as_of_day(data))

        def answer() -> None:
            session.query("drop table if exists answer")
            session.query(f"create table answer engine = Memory as {select}")

        def write() -> None:
            session.query(f"select * from answer into outfile '{target}' format Parquet")

        yield answer, write


if __name__ == "__main__":
    engine_main(answering)
