"""Writes the page of figures from what was measured: same results, same page. Nothing is measured here."""

from collections.abc import Callable

from benchmarks.aims import aims
from benchmarks.markdown import events, figure, table
from benchmarks.peers import section
from benchmarks.results import Group, Results
from benchmarks.stages import STAGES, loading_cpu_s

HEAD = """\
# Performance

Written by `python -m benchmarks` (`make benchmark`), never by hand: to change a figure, measure again. Data are simulated
(`trellis generate`): 1 user per 100 events, 5 orders per user, one year.
"""

MEANINGS = """\
## What the figures mean

- **CPU s**: user and system seconds of the process, all its threads and children, as the operating system counts them when
  it ends. On a machine that does other work at the same time wall seconds grow; CPU seconds hardly do.
- **wall s**: from start to end of the process, its imports included. **peak MiB**: its largest resident memory.
- **full run**: `trellis run` in a new home: from landing files to published lists, models trained. **Stages**: `other` is what
  no step accounts for.
- **scan**: `sum(hash(column))` over every column of the event files, in the same run, files in memory. **x scan**: CPU of the
  full run / CPU of the scan.
- **one more day**: the files that arrive on the day after the year are landed beside the others, and `trellis run` runs again.
- **loading**: ingest, core and incremental tables together. **half history**: as many users and events a day, half the days.
- **one user with 5 %**: every 20th event is given to one user; all else is equal.
"""
MEANINGS += section.MEANINGS


def page(results: Results) -> str:
    """Return the whole page; a part that was not measured is left out."""
    parts = [HEAD, _machine(results)]
    parts += [text for section in SECTIONS if (text := section(results))]
    return "\n".join([*parts, MEANINGS])


def _machine(results: Results) -> str:
    rows = [(name, text) for name, text in results.machine.items()]
    measured = table(
        ["measured together", "on", "code"], [(one.name, one.measured_on, one.code) for one in results.all]
    )
    return f"## Machine and versions\n\n{table(['', ''], rows)}\n{measured}"


def _aims(results: Results) -> str:
    rows = [
        (
            aim.what,
            f"{figure(aim.figure)} {aim.unit}",
            f"{figure(aim.limit)} {aim.unit}",
            "yes" if aim.is_reached else "no",
        )
        for aim in aims(results)
    ]
    return f"## Aims\n\n{table(['aim', 'measured', 'at most', 'reached'], rows)}" if rows else ""


def _job(results: Results) -> str:
    groups = results.of_kind("job", "full")
    if not groups:
        return ""
    header = [
        "events",
        "users",
        "orders",
        "full run CPU s",
        "wall s",
        "peak MiB",
        "CPU s per M events",
        "scan CPU s",
        "x scan",
    ]
    rows = []
    for group in groups:
        full, scan, counts = group.figures["full"], group.figures["scan"], group.figures["rows"]
        cells = [full["cpu_s"], full["wall_s"], full["peak_mib"], full["cpu_s"] / counts["events"] * 1e6, scan["cpu_s"]]
        cells.append(full["cpu_s"] / scan["cpu_s"])
        rows.append([f"{counts[name]:,}" for name in ("events", "users", "orders")] + [figure(cell) for cell in cells])
    return f"## The whole job\n\n{table(header, rows)}\n{_stages(groups)}\n{_slowest(groups)}\n{_days(results)}"


def _stages(groups: list[Group]) -> str:
    header = ["CPU s of a stage", *[f"{events(group.size)} events" for group in groups], "what it holds"]
    rows = [
        [stage, *[figure(group.figures["full"]["stages"][stage]["cpu_s"]) for group in groups], meaning]
        for stage, meaning in STAGES.items()
    ]
    return table(header, rows)


def _slowest(groups: list[Group]) -> str:
    steps = groups[-1].figures["full"]["slowest_steps"]
    rows = [[f"`{step}`", figure(cpu)] for step, cpu in steps.items()]
    return table([f"slowest steps at {events(groups[-1].size)} events", "CPU s"], rows)


def _days(results: Results) -> str:
    rows = []
    for group in results.of_kind("job", "day"):
        full, day, again = (group.figures.get(name, {}) for name in ("full", "day", "again"))
        rows.append([f"{events(group.size)} events", *_day_cells(full, day), figure(again["wall_s"]) if again else ""])
    for group in results.of_kind("half", "day", "whole"):
        for words, figures in (
            ("half history", group.figures),
            ("whole history, same command", group.figures["whole"]),
        ):
            cells = _day_cells(figures["full"], figures["day"])
            rows.append([f"{events(group.size)} events, {words}", *cells, ""])
    header = [
        "one more day",
        "CPU s",
        "% of full run",
        "loading CPU s",
        "% of full run",
        "peak MiB",
        "nothing new: wall s",
    ]
    return f"## One more day\n\n{table(header, rows)}" if rows else ""


def _day_cells(full: dict, day: dict) -> list[str]:
    loading = loading_cpu_s(day["stages"])
    cells = [day["cpu_s"], 100 * day["cpu_s"] / full["cpu_s"], loading, 100 * loading / full["cpu_s"], day["peak_mib"]]
    return [figure(cell) for cell in cells]


def _cases(results: Results) -> str:
    rows = []
    for kind, words in (("memory", "engine limited to 1 GB"), ("skew", "one user with 5 % of all events")):
        rows += [
            [f"{events(group.size)} events, {words}", *_usage_cells(group.figures)] for group in results.of_kind(kind)
        ]
    for group in results.of_kind("commands"):
        rows += [[f"`trellis {words}`", *_usage_cells(group.figures[name])] for name, words in _COMMANDS.items()]
    return f"## Harder cases and small ones\n\n{table(['case', 'CPU s', 'wall s', 'peak MiB'], rows)}" if rows else ""


_COMMANDS = {"help": "--help", "demo": "demo"}


def _usage_cells(usage: dict) -> list[str]:
    return [figure(usage[name]) for name in ("cpu_s", "wall_s", "peak_mib")]


def _failed(results: Results) -> str:
    rows = [
        [f"{group.name}, {group.part}" if group.part else group.name, f"`{group.error.splitlines()[-1]}`"]
        for group in results.failed
    ]
    return f"## What could not be measured\n\n{table(['measurement', 'error'], rows)}" if rows else ""


SECTIONS: tuple[Callable[[Results], str], ...] = (_aims, _job, _cases, section.peer_section, _failed)
