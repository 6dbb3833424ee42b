"""Measures the tasks of a click-stream tool with Trellis and with Retentioneering, each in its own process; equal answers only.

What is done stands in `tasks.py`. Nothing heavy is imported here, see `usage.py`.
"""

import sys
import tempfile
from pathlib import Path

from benchmarks.peers.engines import core_tables
from benchmarks.peers.questions import THREADS
from benchmarks.peers.tasks import TASKS
from benchmarks.usage import BenchmarkFailedError, measure

EVENTS_AT_MOST = 5_000_000
"""What a tool that keeps frames can hold beside other work; of larger sizes this one is measured."""

TOOLS = {"trellis": "Trellis", "retentioneering": "Retentioneering"}
"""Tool -> its name on the page; ours comes first, because the other is compared with it."""

QUIET = {"RETENTIONEERING_NO_TRACK": "1", "OMP_NUM_THREADS": str(THREADS)}


def measure_clickstream(cache: Path, events: int) -> dict:
    """Return `rows` of the file and, by tool, `tasks` (CPU and wall seconds of each) and `peak_mib` of its process.

    Raises:
        BenchmarkFailedError: an answer is not equal to ours.
    """
    data = core_tables(cache, events)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        file = Path(folder) / "events.parquet"
        _, found = measure("benchmarks.peers.clickstream_file", ["--data", str(data), "--out", str(file)])
        figures: dict = {"rows": found["rows"], "tools": {}}
        for tool, name in TOOLS.items():
            sys.stderr.write(f"Click-stream tasks with {name} ...\n")
            asked = ["--file", str(file), "--answers", str(Path(folder) / tool)]
            _, figures["tools"][tool] = measure(f"benchmarks.peers.{tool}_tasks", asked, environment=QUIET)
        for task in TASKS:
            ours, theirs = (Path(folder) / tool / f"{task}.parquet" for tool in TOOLS)
            if ours.is_file():
                _check_equal(task, ours, theirs)
    return figures


def _check_equal(task: str, ours: Path, theirs: Path) -> None:
    _, found = measure("benchmarks.peers.equality", [str(ours), str(theirs)])
    if found["only_ours"] or found["only_theirs"]:
        message = f"{task}: answers differ: only ours {found['only_ours']}, only theirs {found['only_theirs']}"
        raise BenchmarkFailedError(message)
