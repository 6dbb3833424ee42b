"""The command line of the benchmarks: which groups are measured, in which order, and where the page goes.

What a group measures stands in `whole_job.py` and `peers/`.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks import whole_job
from benchmarks.machine import code_version, machine
from benchmarks.page import page
from benchmarks.peers import btyd, clickstream, engines
from benchmarks.results import Group, Results
from benchmarks.usage import BenchmarkFailedError, PartFailedError

HARD_CASES_AT_MOST = 10_000_000
"""Memory limit, skew and half history are measured at the largest size up to this one."""

Measurement = Callable[[Path], dict]


def sizes(text: str) -> list[int]:
    """Return the numbers of events in a list such as `1e6,1e7`, the smallest first."""
    try:
        numbers = sorted({int(float(part)) for part in text.split(",")})
    except ValueError as error:
        message = f"{text!r} is not a list of numbers of events; write 1e6,1e7"
        raise argparse.ArgumentTypeError(message) from error
    if numbers[0] < 100_000:
        message = f"{text!r}: with fewer than 100,000 events no model is trained"
        raise argparse.ArgumentTypeError(message)
    return numbers


def measurements(
    events: list[int], *, with_peers: bool, measured: dict[str, dict]
) -> Iterator[tuple[str, Measurement]]:
    """Yield the name and the measurement of every group for these sizes.

    `measured` holds the figures that this command has found so far: what is compared with them is measured beside them.
    """
    yield "commands", whole_job.measure_commands
    for size in events:
        yield f"job {size}", partial(whole_job.measure_job, events=size)
    hard = max((size for size in events if size <= HARD_CASES_AT_MOST), default=None)
    if hard is not None:
        whole = measured.get(f"job {hard}")  # looked up when the groups before are done
        yield f"half {hard}", partial(whole_job.measure_half_history, events=hard, whole=whole)
        yield f"memory {hard}", partial(whole_job.measure_memory_limit, events=hard)
        yield f"skew {hard}", partial(whole_job.measure_skew, events=hard)
    if with_peers:
        for size in events:
            yield f"engines {size}", partial(engines.measure_engines, events=size)
        held = min(max(events), clickstream.EVENTS_AT_MOST)
        yield f"clickstream {held}", partial(clickstream.measure_clickstream, events=held)
        yield "btyd", btyd.measure_fit


def main() -> int:
    """Measure, write the page and return 0; 1 when a group failed, whose error then stands on the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Trellis and write the page.")
    parser.add_argument(
        "--events", type=sizes, default=sizes("1e6"), help="sizes of the simulated shops, such as 1e6,1e7"
    )
    parser.add_argument("--peers", action="store_true", help="compare with other tools too (the extra `benchmark`)")
    parser.add_argument("--only", help="kinds of groups to measure, such as job,skew (default: all)")
    parser.add_argument(
        "--cache", type=Path, default=Path("data/benchmarks"), help="where simulated shops and results are kept"
    )
    parser.add_argument("--out", type=Path, help="the page to write (default: print it)")
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else None
    options.cache.mkdir(parents=True, exist_ok=True)
    cache = options.cache.resolve()
    results = Results(cache, machine())
    code = 0
    measured: dict[str, dict] = {}
    for name, measurement in measurements(options.events, with_peers=options.peers, measured=measured):
        group = Group(name, datetime.now(UTC).date().isoformat(), code_version())
        if chosen is not None and group.kind not in chosen:
            continue
        sys.stderr.write(f"[{name}]\n")
        try:
            measured[name] = measurement(cache)
        except BenchmarkFailedError as error:
            sys.stderr.write(f"{error}\n")
            found, part = (error.figures, error.part) if isinstance(error, PartFailedError) else ({}, "")
            told = str(error).replace(str(cache), "<cache>")
            results.add(Group(name, group.measured_on, group.code, found, error=told, part=part))
            code = 1
        else:
            results.add(Group(name, group.measured_on, group.code, measured[name]))
    if options.out:
        options.out.write_text(page(results), encoding="utf-8")
    else:
        sys.stdout.write(page(results))
    return code


if __name__ == "__main__":
    sys.exit(main())
