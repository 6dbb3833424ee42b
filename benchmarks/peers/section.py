"""The peers' part of the page and their aims, from what was measured. Pure."""

from collections.abc import Iterator

from benchmarks.aim import Aim
from benchmarks.markdown import events, figure, table
from benchmarks.peers.btyd import CUSTOMERS, LIBRARIES
from benchmarks.peers.clickstream import TOOLS
from benchmarks.peers.engines import ENGINES, OURS
from benchmarks.peers.questions import QUESTIONS
from benchmarks.peers.tasks import TASKS
from benchmarks.results import Results

RIVAL = "clickhouse"


def peer_aims(results: Results) -> Iterator[Aim]:
    """Yield the aims that compare us with ClickHouse, Retentioneering and lifetimes."""
    for group in results.of_kind("engines"):
        spent = {
            engine: {question: group.figures[question]["engines"][engine]["cpu_s"] for question in QUESTIONS}
            for engine in (OURS, RIVAL)
        }
        words = f"{events(group.size)} events, CPU against ClickHouse"
        yield Aim(f"{words}: sum of five queries", sum(spent[OURS].values()) / sum(spent[RIVAL].values()), 1, "times")
        for question in QUESTIONS:
            yield Aim(f"{words}: {question}", spent[OURS][question] / spent[RIVAL][question], 1.5, "times")
    yield from _clickstream_aims(results)
    for group in results.of_kind("btyd"):
        ratio = group.figures["trellis"]["cpu_s"] / group.figures["lifetimes"]["cpu_s"]
        yield Aim(f"MBG/NBD on {CUSTOMERS:,} customers: CPU / lifetimes", ratio, 0.25, "times")


def _clickstream_aims(results: Results) -> Iterator[Aim]:
    for group in results.of_kind("clickstream"):
        ours, theirs = (group.figures["tools"][tool] for tool in TOOLS)
        words = f"{events(group.size)} events, against Retentioneering"
        sums = [sum(tool["tasks"][task]["cpu_s"] for task in TASKS) for tool in (ours, theirs)]
        yield Aim(f"{words}: CPU of the five tasks", sums[0] / sums[1], 0.5, "times")
        yield Aim(f"{words}: peak memory", ours["peak_mib"] / theirs["peak_mib"], 1 / 3, "times")
        for task in TASKS:
            yield Aim(
                f"{words}: CPU of {task}", ours["tasks"][task]["cpu_s"] / theirs["tasks"][task]["cpu_s"], 1, "times"
            )


def peer_section(results: Results) -> str:
    """Return the text of the section, empty when no peer was measured."""
    parts = [*_engines(results), *_clickstreams(results), *_fits(results)]
    return "\n".join(["## Beside other tools\n", *parts]) if parts else ""


def _engines(results: Results) -> Iterator[str]:
    for group in results.of_kind("engines"):
        header = [
            f"{events(group.size)} events: query",
            "rows of the answer",
            *[f"{name} CPU s" for name in ENGINES.values()],
        ]
        header += [f"{name} peak MiB" for name in ENGINES.values()]
        rows = []
        for question in QUESTIONS:
            asked = group.figures[question]
            cells = [figure(asked["engines"][engine][name]) for name in ("cpu_s", "peak_mib") for engine in ENGINES]
            rows.append([question, f"{asked['rows']:,}", *cells])
        totals = [
            figure(sum(group.figures[one]["engines"][engine]["cpu_s"] for one in QUESTIONS)) for engine in ENGINES
        ]
        rows.append(["sum", "", *totals, *[""] * len(ENGINES)])
        yield table(header, rows)


def _clickstreams(results: Results) -> Iterator[str]:
    for group in results.of_kind("clickstream"):
        tools = group.figures["tools"]
        rows = [
            [task, *[figure(tools[tool]["tasks"][task][column]) for column in ("cpu_s", "wall_s") for tool in TOOLS]]
            for task in TASKS
        ]
        totals = [
            figure(sum(tools[tool]["tasks"][task][column] for task in TASKS))
            for column in ("cpu_s", "wall_s")
            for tool in TOOLS
        ]
        peaks = ", ".join(f"{name} {figure(tools[tool]['peak_mib'])}" for tool, name in TOOLS.items())
        header = [f"{events(group.size)} events: task", *[f"{name} CPU s" for name in TOOLS.values()]]
        header += [f"{name} wall s" for name in TOOLS.values()]
        yield table(header, [*rows, ["sum", *totals]])
        yield f"Peak MiB over the five tasks: {peaks}.\n"


def _fits(results: Results) -> Iterator[str]:
    for group in results.of_kind("btyd"):
        rows = []
        for library, name in LIBRARIES.items():
            found = group.figures[library]
            parameters = ", ".join(f"{key} {value:.4g}" for key, value in found["parameters"].items())
            rows.append([name, *[figure(found[column]) for column in ("cpu_s", "wall_s", "peak_mib")], parameters])
        yield table([f"MBG/NBD on {CUSTOMERS:,} customers", "CPU s", "wall s", "peak MiB", "parameters"], rows)


MEANINGS = """\
- **five queries**: every engine reads the same Parquet files (the core tables of the simulated shop) with two threads, each
  query in its own process; the lesser CPU of two answers, from opening the files to the answer in memory. Answers are compared
  row for row and must be equal, else nothing is shown.
- **five tasks**: both tools take the same sorted Parquet file and do one task after another in one process, once; memory is that
  process's. Loading is without contracts and ledgers. Answers are compared row for row and must be equal.
- **MBG/NBD**: customers drawn from the model; CPU of the fit alone; parameters must agree to a thousandth.
"""
MEANINGS += "".join(f"- **{name}**: {meaning}.\n" for name, meaning in QUESTIONS.items())
MEANINGS += "".join(f"- **{name}** (task): {meaning}.\n" for name, meaning in TASKS.items())
