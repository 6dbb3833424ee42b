"""Which step of a run belongs to which stage of the table. Measuring steps belongs to `job.py`."""

from typing import Literal

from benchmarks.usage import Usage

Kept = Literal["full", "incremental", "by_user", "snapshot", "view"]

STAGES = {
    "ingest": "files read, mapped, judged and stored in bronze",
    "core": "tables that grow with users, orders and products",
    "incremental": "tables that are rebuilt by date or by user: sessions, days, reports by day",
    "features": "features and labels of the as_of",
    "models": "training on past origins, test, scores, personas, clusters",
    "segments": "lists",
    "reports": "reports that are built anew",
    "publish": "files, pages, hashes",
    "other": "imports, planning, checks and all else outside the steps",
}
"""Stage -> what it holds, in the order of a run."""

_OF_GROUP = {
    "bronze": "ingest",
    "core": "core",
    "feature": "features",
    "label": "features",
    "score": "models",
    "segment": "segments",
    "report": "reports",
    "published": "publish",
}
LOADING = ("ingest", "core", "incremental")
"""The stages whose work should grow with what is new."""

Steps = dict[str, tuple[str, float, float]]
"""Step -> stage, wall and CPU seconds."""


def stage_of(group: str, kept: Kept | None) -> str:
    """Return the stage of a step by its asset group and how its table is kept; None for what is made in Python."""
    return "incremental" if kept in {"incremental", "by_user"} else _OF_GROUP.get(group, "other")


def by_stage(steps: Steps, whole: Usage) -> dict[str, dict[str, float]]:
    """Return stage -> `wall_s`, `cpu_s`; what no step accounts for is `other`."""
    stages = {stage: [0.0, 0.0] for stage in STAGES}
    for stage, wall, cpu in steps.values():
        stages[stage][0] += wall
        stages[stage][1] += cpu
    known = [sum(times[column] for times in stages.values()) for column in (0, 1)]
    stages["other"][0] += whole.wall_s - known[0]
    stages["other"][1] += whole.cpu_s - known[1]
    return {stage: {"wall_s": round(wall, 2), "cpu_s": round(cpu, 2)} for stage, (wall, cpu) in stages.items()}


def loading_cpu_s(stages: dict[str, dict[str, float]]) -> float:
    """Return the CPU seconds of ingest, core and incremental tables together."""
    return sum(stages[stage]["cpu_s"] for stage in LOADING)
