"""Runs one Dagster job in this process, tells its progress in plain lines, and gathers what went wrong."""

import logging
import sys
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from assets.tables import partition_of
from pipelines.definitions import ASSETS, home_resource
from pipelines.errors import OPERATOR_ERRORS
from pipelines.history import instance_with_held_history
from pipelines.jobs import JOBS


@dataclass
class JobOutcome:
    """What a job did: whether it stopped early, and each fault in words."""

    halted: bool = False
    faults: list[str] = field(default_factory=list)

    def print_faults(self) -> None:
        """Tell the operator what failed, on standard error."""
        for fault in self.faults:
            print(f"trellis: {fault}", file=sys.stderr)


class _Progress(logging.Handler):
    """Prints one line per materialised table."""

    def __init__(self) -> None:
        super().__init__()
        self.started = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "dagster_event", None)
        meta = getattr(record, "dagster_meta", {})
        event = event or meta.get("dagster_event")
        if event is None:
            text = str(meta.get("orig_message", record.getMessage()))
            if record.levelno >= logging.INFO and not text.startswith("Dependencies for step"):
                print(f"  {'!' if record.levelno >= logging.WARNING else ' '} {text}", flush=True)
        elif event.event_type_value == "ASSET_MATERIALIZATION":
            materialization = event.event_specific_data.materialization
            rows = materialization.metadata.get("dagster/row_count")
            count = f"{rows.value:>12,} rows" if rows is not None else ""
            seconds = time.monotonic() - self.started
            print(f"  {seconds:6.1f} s  {'.'.join(materialization.asset_key.path):<28}{count}", flush=True)


@dg.logger(config_schema={})
def progress_logger(_context: dg.InitLoggerContext) -> logging.Logger:
    """Print progress instead of Dagster's event log."""
    logger = logging.getLogger("trellis.progress")
    logger.setLevel(logging.DEBUG)  # Dagster logs its events at this level
    logger.propagate = False
    logger.handlers.clear()
    logger.addHandler(_Progress())
    return logger


def launch(
    job_name: str,
    home: Path,
    overrides: dict[str, object],
    *,
    as_of: date | None = None,
    publish_config: dict[str, bool] | None = None,
    op_config: dict[str, dict[str, Any]] | None = None,
) -> JobOutcome:
    """Run a job on a home and return its outcome; progress goes to standard output. Raises AsOfError (`partition_of`)."""
    definitions = dg.Definitions(
        assets=ASSETS,
        jobs=JOBS,
        resources={"home": home_resource(home, overrides)},
        loggers={"console": progress_logger},
        executor=dg.in_process_executor,
    )
    job = definitions.resolve_job_def(job_name)
    asked = {**(op_config or {}), **({"published__version": publish_config} if publish_config is not None else {})}
    config: dict = {"loggers": {"console": {"config": {}}}}
    if asked:
        config["ops"] = {name: {"config": values} for name, values in asked.items()}
    with instance_with_held_history() as instance:
        result = job.execute_in_process(
            run_config=config,
            partition_key=partition_of(as_of) if as_of else None,
            instance=instance,
            raise_on_error=False,
        )
    return _outcome(result)


def _outcome(result: dg.ExecuteInProcessResult) -> JobOutcome:
    outcome = JobOutcome(halted=not result.success)
    for event in result.all_events:
        if event.event_type_value == "STEP_FAILURE":
            cause: Any = event.step_failure_data.error
            while cause.cause is not None:
                cause = cause.cause
            name = cause.cls_name or ""
            text = cause.message.strip()
            if name in {kind.__name__ for kind in OPERATOR_ERRORS}:
                text = text.split(": ", 1)[1] if text.startswith(f"{name}: ") or ": " in text.split("\n")[0] else text
                outcome.faults.append(text.strip())
            elif name != "DagsterAssetCheckFailedError":
                outcome.faults.append(f"{event.step_key}: {text}\n{''.join(cause.stack[-3:])}")
        if event.event_type_value == "ASSET_CHECK_EVALUATION":
            check: Any = event.event_specific_data
            if not check.passed and check.severity == dg.AssetCheckSeverity.ERROR:
                if "stopped" in check.metadata:
                    outcome.faults += check.metadata["stopped"].value.split("\n")
                    continue
                facts = ", ".join(f"{name} {value.value}" for name, value in check.metadata.items())
                outcome.faults.append(f"check {'.'.join(check.asset_key.path)} / {check.check_name} failed: {facts}")
    return outcome
