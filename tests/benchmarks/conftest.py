"""Results as the benchmarks keep them, small enough to be read."""

from pathlib import Path

import pytest

from benchmarks.peers.questions import QUESTIONS
from benchmarks.peers.tasks import TASKS
from benchmarks.results import Group, Results
from benchmarks.stages import STAGES

MACHINE = {"processor": "a processor", "cores": "2"}


def run_figures(cpu_s: float, *, peak_mib: float = 1000.0) -> dict:
    """Figures of one run: each stage takes an equal part."""
    stages = {stage: {"wall_s": cpu_s / len(STAGES), "cpu_s": cpu_s / len(STAGES)} for stage in STAGES}
    steps = {"scores": cpu_s / 2, "bronze": cpu_s / 4}
    return {"cpu_s": cpu_s, "wall_s": cpu_s / 2, "peak_mib": peak_mib, "stages": stages, "slowest_steps": steps}


def job_figures(events: int, *, cpu_s: float, day_cpu_s: float) -> dict:
    usage = {"cpu_s": 0.5, "wall_s": 0.4, "peak_mib": 40.0}
    return {
        "rows": {"events": events, "users": events // 100, "orders": events // 20},
        "generation": {"cpu_s": 20.0, "wall_s": 10.0, "peak_mib": 500.0},
        "scan": {"cpu_s": 2.0, "wall_s": 1.0},
        "full": run_figures(cpu_s),
        "day": run_figures(day_cpu_s),
        "again": usage,
    }


@pytest.fixture
def results(tmp_path: Path) -> Results:
    """The job at two sizes, all hard cases, the small commands, and one group that failed."""
    found = Results(tmp_path, MACHINE)
    groups = {
        "job 10000000": job_figures(10_000_000, cpu_s=90.0, day_cpu_s=9.0),
        "job 100000000": job_figures(100_000_000, cpu_s=1800.0, day_cpu_s=90.0),
        "half 10000000": {
            "rows": {},
            "full": run_figures(60.0),
            "day": run_figures(9.0),
            "whole": {"full": run_figures(80.0), "day": run_figures(18.0)},
        },
        "memory 10000000": run_figures(99.0),
        "skew 10000000": run_figures(360.0),
        "commands": {name: {"cpu_s": 0.4, "wall_s": 0.3, "peak_mib": 30.0} for name in ("help", "demo")},
    }
    spent = {"trellis": (1.2, 300.0), "clickhouse": (1.0, 400.0), "polars": (2.0, 500.0)}
    engines = {engine: {"cpu_s": cpu, "wall_s": cpu, "peak_mib": peak} for engine, (cpu, peak) in spent.items()}
    groups["engines 10000000"] = {question: {"rows": 7, "engines": engines} for question in QUESTIONS}
    fit = {"parameters": {"r": 0.5, "alpha": 4.0}, "wall_s": 5.0, "peak_mib": 200.0}
    groups["btyd"] = {"trellis": {**fit, "cpu_s": 2.0}, "lifetimes": {**fit, "cpu_s": 10.0}}
    tasks = {"trellis": (1.0, 300.0), "retentioneering": (4.0, 600.0)}
    tools = {
        tool: {"tasks": {task: {"cpu_s": cpu, "wall_s": cpu / 2} for task in TASKS}, "peak_mib": peak}
        for tool, (cpu, peak) in tasks.items()
    }
    groups["clickstream 5000000"] = {"rows": 4_900_000, "tools": tools}
    for name, figures in groups.items():
        found.add(Group(name, "2026-01-02", "abc1234", figures))
    found.add(Group("memory 1000000", "2026-01-02", "abc1234", error="Traceback\nValueError: no room"))
    half_done = {name: figures for name, figures in groups["job 10000000"].items() if name not in {"day", "again"}}
    words = "Traceback\nKeyError: no day"
    found.add(Group("job 1000000", "2026-01-02", "abc1234", half_done, error=words, part="one more day"))
    return found
