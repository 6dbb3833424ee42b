"""Child process: the five tasks with Trellis' own SQL files and reports, in the warehouse of a home, as every run has it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pandas as pd

from assets.analytics import Report, Shop
from assets.warehouse import open_warehouse
from benchmarks.peers.questions import THREADS
from benchmarks.peers.tasks import FUNNEL_STEPS, MATRIX_STEPS, Plan, task_main
from contracts.funnels import Funnel
from sql.queries import load_queries

FIRST, LAST = date(1970, 1, 1), date(2100, 1, 1)
LOOKED_INTO = ("core.events", "core.users", "core.products", "core.orders", "core.order_items")
"""Tables that questions about events look into as well."""
EVER_DAYS = 36_500
FUNNEL = {"name": "benchmark", "steps": FUNNEL_STEPS, "window_days": EVER_DAYS, "population": "everybody"}


@contextmanager
def planned(file: Path) -> Iterator[Plan]:
    """Yield what is timed and what brings its result into the common shape."""
    held: dict[str, Report] = {}
    # beside the file of events: the same disk
    with tempfile.TemporaryDirectory(dir=file.parent) as home, open_warehouse(Path(home)) as warehouse:
        run, shop = warehouse.connection.execute, Shop(warehouse)
        run(f"set threads = {THREADS}")
        for name in LOOKED_INTO:
            warehouse.build(load_queries()[name], {})

        def load() -> None:
            columns = "user_key, activity_date, occurred_at, event_type"
            run(f"insert into bronze.events ({columns}) select {columns} from read_parquet('{file}')")
            run(
                "insert into bronze.user_keys (user_id, user_key, is_anonymous) "
                "select distinct user_key::varchar, user_key, true from core.events"
            )
            shop.events.hold(shop, FIRST, LAST)

        def build(name: str) -> None:
            warehouse.build(load_queries()[name], {"from_date": FIRST, "until_date": LAST})

        def funnel() -> None:
            held["funnel"] = shop.funnel(Funnel.model_validate(FUNNEL))

        def transitions() -> None:
            build("report.event_transition_day")
            held["transitions"] = shop.paths(top=1_000)

        def step_matrix() -> None:
            held["matrix"] = shop.step_matrix(steps=MATRIX_STEPS - 1)

        def shaped_sessions() -> pd.DataFrame:
            return warehouse.frame("select user_key, started_at, ended_at, events_count from core.sessions")

        def shaped_matrix() -> pd.DataFrame:
            frame = held["matrix"].frame
            return frame.assign(step=frame["step"] + 1)[["event_type", "step", "sessions_count"]]

        yield {
            "load": (load, None),
            "sessions": (lambda: build("core.sessions"), shaped_sessions),
            "funnel": (funnel, lambda: held["funnel"].frame[["step_number", "users_count"]]),
            "transitions": (
                transitions,
                lambda: held["transitions"].frame[["from_event", "to_event", "transitions_count"]],
            ),
            "step_matrix": (step_matrix, shaped_matrix),
        }


if __name__ == "__main__":
    task_main(planned)
