"""Child process: one whole `trellis run` on a home, with wall and CPU seconds of every step.

What was landed in `<home>/landing` is what it takes in. What a stage is stands in `stages.py`.
"""

import argparse
import json
import logging
import resource
import sys
import time
from pathlib import Path

import dagster as dg

import pipelines.launch
from benchmarks.stages import stage_of
from benchmarks.usage import end
from pipelines.definitions import ASSETS
from pipelines.run import RunOptions, run
from sql.queries import load_queries


def _cpu_s() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


class StepClock(logging.Handler):
    """Notes wall and CPU seconds between the start and the end of each step; steps run one after another."""

    def __init__(self) -> None:
        """Start with no step."""
        super().__init__()
        self.steps: dict[str, tuple[float, float]] = {}
        self._started: dict[str, tuple[float, float]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Take the time where Dagster says that a step starts or ends; warnings go to the output."""
        event = getattr(record, "dagster_event", None) or getattr(record, "dagster_meta", {}).get("dagster_event")
        kind = event.event_type_value if event else ""
        if event and kind == "STEP_START":
            self._started[event.step_key] = (time.monotonic(), _cpu_s())
        elif event and kind in {"STEP_SUCCESS", "STEP_FAILURE"}:
            wall, cpu = self._started.pop(event.step_key)
            self.steps[event.step_key] = (time.monotonic() - wall, _cpu_s() - cpu)
        if record.levelno >= logging.WARNING:
            sys.stdout.write(f"{record.getMessage()}\n")


def stages_of_steps() -> dict[str, str]:
    """Return the stage of every step that makes assets, by the step's name."""
    queries = load_queries()
    stages = {}
    for asset in ASSETS:
        if isinstance(asset, dg.AssetsDefinition):
            query = queries.get(asset.op.name.replace("__", ".", 1))
            group = next(iter(asset.group_names_by_key.values()))
            stages[asset.op.name] = stage_of(group, query.kind if query else None)
    return stages


def main() -> int:
    """Run once and write the seconds of each step: `{step: [stage, wall_s, cpu_s]}`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--result", type=Path, required=True)
    options = parser.parse_args()
    clock = StepClock()

    @dg.logger(config_schema={})
    def clock_logger(_context: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.getLogger("benchmark.steps")
        logger.setLevel(logging.DEBUG)  # Dagster logs its events at this level
        logger.propagate = False
        logger.handlers = [clock]
        return logger

    pipelines.launch.progress_logger = clock_logger
    code = run(options.home, RunOptions())
    stages = stages_of_steps()
    steps = {step: [stages.get(step, "other"), *spent] for step, spent in clock.steps.items()}
    options.result.write_text(json.dumps(steps), encoding="utf-8")
    return code


if __name__ == "__main__":
    end(main())
