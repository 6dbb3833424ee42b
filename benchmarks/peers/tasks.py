"""The five tasks of a click-stream tool: what is done and what is compared.

How a tool does them stands in `trellis_tasks.py` and `retentioneering_tasks.py`.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

TASKS = {
    "load": "the file of events, sorted by user and time, brought into the tool",
    "sessions": "sessions of users and visitors, cut at gaps over 30 minutes",
    "funnel": "users and visitors who reach view, cart, purchase in order, at any time",
    "transitions": "what follows what in sessions, start and end included: how often",
    "step_matrix": "in how many sessions which event stands at the steps 1 to 10",
}
"""Task -> what is done."""

FUNNEL_STEPS = ("view", "cart", "purchase")
MATRIX_STEPS = 10

Work = Callable[[], object]
InCommonShape = Callable[[], "pd.DataFrame"]
Plan = dict[str, tuple[Work, InCommonShape | None]]
"""Task -> what is timed, and what then brings its result into the shape that is compared."""


def task_main(planned: Callable[[Path], AbstractContextManager[Plan]]) -> None:
    """Do the tasks one after another, write CPU and wall seconds of each and the peak memory, then the answers as Parquet."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--answers", type=Path, required=True)
    parser.add_argument("--result", type=Path, required=True)
    options = parser.parse_args()
    with planned(options.file) as plan:
        spent: dict[str, dict[str, float]] = {}
        for name in TASKS:
            wall, cpu = time.monotonic(), time.process_time()
            plan[name][0]()
            spent[name] = {"cpu_s": time.process_time() - cpu, "wall_s": time.monotonic() - wall}
        peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        options.answers.mkdir()
        for name in TASKS:
            if shaped := plan[name][1]:
                shaped().to_parquet(options.answers / f"{name}.parquet", index=False)
    options.result.write_text(json.dumps({"tasks": spent, "peak_mib": peak_mib}), encoding="utf-8")
