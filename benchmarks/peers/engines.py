"""Measures the five questions on every engine, each answer in its own process with two threads; equal answers only.

What is asked stands in `questions.py`. Nothing heavy is imported here, see `usage.py`.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.peers.questions import QUESTIONS, THREADS
from benchmarks.usage import BenchmarkFailedError, measure
from benchmarks.worlds import world

OURS = "trellis"
ENGINES = {OURS: "Trellis", "clickhouse": "ClickHouse", "polars": "Polars"}
"""Engine -> its name on the page; ours comes first, because the others are compared with it."""


def core_tables(cache: Path, events: int) -> Path:
    """Return the folder with the core tables of a world of about so many events as Parquet, from the cache if there."""
    shop = world(cache, events)
    folder = shop.folder.with_name(f"{shop.folder.name}-core")
    if not (folder / "as_of.json").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        sys.stderr.write(f"Core tables of {shop.folder.name} ...\n")
        measure("benchmarks.peers.core_tables", ["--history", str(shop.folder / "history"), "--out", str(folder)])
    return folder


def measure_engines(cache: Path, events: int) -> dict:
    """Return, by question, the rows of the answer and what each engine spent on it: `cpu_s`, `wall_s`, `peak_mib`.

    Raises:
        BenchmarkFailedError: an engine's answer is not equal to ours.
    """
    data = core_tables(cache, events)
    figures: dict[str, dict] = {}
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        for question in QUESTIONS:
            sys.stderr.write(f"{question} ...\n")
            figures[question] = {"engines": {}}
            for engine in ENGINES:
                answer = Path(folder) / f"{engine}.parquet"
                asked = ["--question", question, "--data", str(data), "--answer", str(answer)]
                usage, spent = measure(
                    f"benchmarks.peers.{engine}_engine", asked, environment={"OMP_NUM_THREADS": str(THREADS)}
                )
                figures[question]["engines"][engine] = {**spent, "peak_mib": usage.peak_mib}
                if engine != OURS:
                    figures[question]["rows"] = _rows_when_equal(question, Path(folder) / f"{OURS}.parquet", answer)
                    answer.unlink()
            (Path(folder) / f"{OURS}.parquet").unlink()
    return figures


def _rows_when_equal(question: str, ours: Path, theirs: Path) -> int:
    _, found = measure("benchmarks.peers.equality", [str(ours), str(theirs)])
    if found["only_ours"] or found["only_theirs"]:
        message = (
            f"{question}: the answer of {theirs.stem} is not ours: only ours {found['only_ours']}, "
            f"only theirs {found['only_theirs']}"
        )
        raise BenchmarkFailedError(message)
    return found["rows"]
