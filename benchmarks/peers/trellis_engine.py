"""Child process: answers one question with Trellis' own SQL files and models on Parquet-backed core tables.

`core.user_day`, `core.sessions` and `core.user_active_day` are the files of `sql/core/`, the funnel is the report that
analysts ask for; retention and RFM are cut to what the other engines answer, on the same definitions.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pandas as pd

from assets.analytics import Shop
from assets.warehouse import Warehouse, open_in_memory
from benchmarks.peers.core_tables import TABLES
from benchmarks.peers.questions import (
    FUNNEL_DAYS,
    FUNNEL_STEPS,
    RETENTION_DAYS,
    THREADS,
    Answer,
    as_of_day,
    engine_main,
)
from contracts.funnels import Funnel
from models.rfm import quintile_scores
from sql.queries import load_queries

_SQL = Path(__file__).parent / "trellis"


def _warehouse_on(warehouse: Warehouse, data: Path) -> date:
    """Put views on the Parquet files where core tables are, and return the day after the newest event or order."""
    run = warehouse.connection.execute
    run(f"set threads = {THREADS}")
    for name in TABLES:
        schema = "bronze" if name == "user_keys" else "core"
        run(f"drop table if exists {schema}.{name}")
        run(f"create view {schema}.{name} as select * from read_parquet('{data}/{name}.parquet')")
    run("create view core.products as select null::bigint as product_key, null as product_id, null as category limit 0")
    return date.fromisoformat(as_of_day(data))


def _core_sql(name: str, until: date) -> str:
    """Return the text of a file of `sql/core/` with its range of dates put in: a view takes no parameters."""
    sql = load_queries()[f"core.{name}"].sql
    return sql.replace("$from_date", "date '1970-01-01'").replace("$until_date", f"date '{until}'")


@contextmanager
def answering(question: str, data: Path, target: Path) -> Iterator[tuple[Answer, Answer]]:
    """Yield what answers the question and what writes the answer."""
    with open_in_memory() as warehouse:
        held: dict[str, pd.DataFrame] = {}
        answer = _answer_of(question, warehouse, _warehouse_on(warehouse, data), held)

        def write() -> None:
            if held:
                held["answer"].to_parquet(target)
            else:
                warehouse.export("select * from answer", target)

        yield answer, write


def _answer_of(question: str, warehouse: Warehouse, until: date, held: dict[str, pd.DataFrame]) -> Answer:
    """Return what answers the question: as a table `answer`, or as a frame that is put into `held`."""
    run = warehouse.connection.execute

    def table_of(select: str, **values: object) -> Answer:
        return lambda: run(f"create or replace table answer as {select}", values) and None

    def frame_of(make: Callable[[], pd.DataFrame]) -> Answer:
        return lambda: held.update(answer=make())

    def funnel() -> pd.DataFrame:
        declared = Funnel.model_validate({"name": "benchmark", "steps": FUNNEL_STEPS, "window_days": FUNNEL_DAYS})
        return Shop(warehouse).funnel(declared).frame[["step_number", "users_count"]]

    def rfm() -> pd.DataFrame:
        sql = (_SQL / "rfm.sql").read_text(encoding="utf-8")
        figures = warehouse.frame(sql, {"as_of": until})
        return figures.assign(
            recency_score=quintile_scores(-figures["recency_days"]),
            frequency_score=quintile_scores(figures["orders_count"]),
            monetary_score=quintile_scores(figures["net_amount_365d"]),
        )

    if question == "retention":
        run(f"create view core.user_day as {_core_sql('user_day', until)}")
        run(f"create view core.user_active_day as {_core_sql('user_active_day', until)}")
    answers = {
        "day_rollup": lambda: table_of(_core_sql("user_day", until)),
        # the channel of a session's first event is no part of the question
        "sessions": lambda: table_of(f"select * exclude (entry_channel) from ({_core_sql('sessions', until)})"),
        "funnel": lambda: frame_of(funnel),
        "retention": lambda: table_of((_SQL / "retention.sql").read_text(encoding="utf-8"), days=RETENTION_DAYS),
        "rfm": lambda: frame_of(rfm),
    }
    return answers[question]()


if __name__ == "__main__":
    engine_main(answering)
