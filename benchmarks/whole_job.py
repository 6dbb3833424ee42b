"""Measures the whole job on one world: full run, bare scan, one more day, nothing new; and its harder cases.

Every figure is of a child process. What is printed about them belongs to `page.py`.
"""

import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.stages import Steps, by_stage
from benchmarks.usage import BenchmarkFailedError, PartFailedError, Usage, measure, spend
from benchmarks.worlds import DAYS, EVENTS_PER_USER, World, land, skewed_world, world

MEMORY_LIMIT = "1GB"
HELP_RUNS = 5


@contextmanager
def fresh_home(cache: Path, name: str) -> Iterator[Path]:
    """Yield an empty home inside the cache, so that landing files can be links; removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix=f"home-{name}-", dir=cache))
    try:
        yield home
    finally:
        shutil.rmtree(home)


def _told(words: str) -> None:
    sys.stderr.write(f"{words} ...\n")


def _run(home: Path, **environment: str) -> dict:
    usage, steps = measure("benchmarks.job", ["--home", str(home)], environment=environment)
    return _figures(usage, steps)


def _figures(usage: Usage, steps: Steps) -> dict:
    slowest = sorted(steps.items(), key=lambda step: -step[1][2])[:12]
    return {
        **usage.as_dict(),
        "stages": by_stage(steps, usage),
        "slowest_steps": {step: round(cpu, 2) for step, (_, _, cpu) in slowest},
    }


def _year_and_day(cache: Path, shop: World, name: str) -> dict[str, dict]:
    """Return the figures of the full run, of one more day on top of it (`day`) and of a run with nothing new (`again`).

    Raises:
        PartFailedError: a later part failed; it holds the figures of the parts before.
    """
    figures: dict[str, dict] = {}
    with fresh_home(cache, name) as home:
        land(shop.history, home / "landing")
        _told(f"Whole run on {shop.folder.name}")
        figures["full"] = _run(home)
        with _part("one more day", figures):
            land(shop.last_day, home / "landing", suffix="-day")
            _told("One more day")
            figures["day"] = _run(home)
        with _part("nothing new", figures):
            again, printed = spend([sys.executable, "-m", "pipelines.cli", "run", "--home", str(home)])
            if "Nothing new" not in printed:
                message = f"a second run with nothing new did not say so but:\n{printed}"
                raise BenchmarkFailedError(message)
            figures["again"] = again.as_dict()
    return figures


@contextmanager
def _part(name: str, figures: dict[str, dict]) -> Iterator[None]:
    """Let a failure inside keep the figures that were measured so far."""
    try:
        yield
    except BenchmarkFailedError as error:
        raise PartFailedError(name, figures, error) from error


def measure_job(cache: Path, events: int) -> dict:
    """Return all figures of the job on a world of about so many events.

    Raises:
        PartFailedError: the full run went well and what comes after it did not.
    """
    shop = world(cache, events)
    _told(f"Bare scan of {shop.folder.name}")
    _, scan = measure("benchmarks.scan", [str(path) for path in shop.event_files])
    about = {"rows": shop.rows, "generation": shop.generation.as_dict(), "scan": scan}
    try:
        return {**about, **_year_and_day(cache, shop, str(events))}
    except PartFailedError as error:
        raise PartFailedError(error.part, {**about, **error.figures}, error) from error


def measure_half_history(cache: Path, events: int, whole: dict | None = None) -> dict:
    """Return the figures of one more day where the history is half as long: as many users, half the events and days.

    Beside them, as `whole`, those of the whole history. They are only comparable when both were measured one after the
    other: `whole` is what the same command measured, None to measure it now.
    """
    whole = whole or _year_and_day(cache, world(cache, events), f"{events}-whole")
    shop = world(cache, events // 2, days=DAYS // 2, users=events // EVENTS_PER_USER)
    half = _year_and_day(cache, shop, f"{events}-half")
    return {"rows": shop.rows, **half, "whole": {name: whole[name] for name in ("full", "day")}}


def measure_memory_limit(cache: Path, events: int) -> dict:
    """Return the figures of a full run whose engine may use `MEMORY_LIMIT`."""
    shop = world(cache, events)
    with fresh_home(cache, f"{events}-memory") as home:
        land(shop.history, home / "landing")
        _told(f"Whole run on {shop.folder.name} with a memory limit of {MEMORY_LIMIT}")
        return _run(home, TRELLIS_MEMORY_LIMIT=MEMORY_LIMIT)


def measure_skew(cache: Path, events: int) -> dict:
    """Return the figures of a full run on a shop one user of which has 5 % of all events."""
    shop = skewed_world(cache, world(cache, events))
    with fresh_home(cache, f"{events}-skew") as home:
        land(shop.history, home / "landing")
        _told(f"Whole run on {shop.folder.name}")
        return _run(home)


def measure_commands(cache: Path) -> dict:
    """Return what `trellis --help` (median of five runs) and `trellis demo` use."""
    command = [sys.executable, "-m", "pipelines.cli"]
    helped = [spend([*command, "--help"])[0] for _ in range(HELP_RUNS)]
    usage = Usage(
        statistics.median(run.wall_s for run in helped),
        statistics.median(run.cpu_s for run in helped),
        max(run.peak_mib for run in helped),
    )
    with fresh_home(cache, "demo") as home:
        _told("trellis demo")
        demo, _ = spend([*command, "demo", "--home", str(home)])
    return {"help": usage.as_dict(), "demo": demo.as_dict()}
