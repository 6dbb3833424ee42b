"""The five questions that engines are compared on: what is asked and what a row of the answer is.

How an engine answers stands in `trellis_engine.py`, `clickhouse_engine.py` and `polars_engine.py`.
"""

import argparse
import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

QUESTIONS = {
    "day_rollup": "signed-in users and days with an event, events counted by kind",
    "sessions": "sessions of users and visitors, cut at gaps over 30 minutes",
    "funnel": "users who reach view, cart, purchase in order within 7 days",
    "retention": "users of a day's cohort who are active n days later, n up to 30",
    "rfm": "days since the last order, orders, net spend of a year, each scored by quintile",
}
"""Question -> what a row of the answer counts."""

FUNNEL_STEPS = ("view", "cart", "purchase")
FUNNEL_DAYS = 7
RETENTION_DAYS = 30
THREADS = 2
REPEATS = 2

Answer = Callable[[], None]


def timed(answer: Answer) -> dict[str, float]:
    """Answer `REPEATS` times and return wall and CPU seconds of the quickest: the files are in memory by then."""
    spent = []
    for _ in range(REPEATS):
        wall, cpu = time.monotonic(), time.process_time()
        answer()
        spent.append({"cpu_s": time.process_time() - cpu, "wall_s": time.monotonic() - wall})
    return min(spent, key=lambda one: one["cpu_s"])


def as_of_day(data: Path) -> str:
    """Return the day after the newest event or order, as the preparation of the files noted it."""
    return json.loads((data / "as_of.json").read_text(encoding="utf-8"))


def engine_main(answering: Callable[[str, Path, Path], AbstractContextManager[tuple[Answer, Answer]]]) -> None:
    """Parse the arguments of an engine's child process, time its answer, then write the answer as Parquet.

    `answering(question, data, target)` yields what is timed and what writes the last answer to the target file.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--question", choices=list(QUESTIONS), required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--answer", type=Path, required=True)
    parser.add_argument("--result", type=Path, required=True)
    options = parser.parse_args()
    with answering(options.question, options.data, options.answer) as (answer, write):
        spent = timed(answer)
        write()
    options.result.write_text(json.dumps(spent), encoding="utf-8")
