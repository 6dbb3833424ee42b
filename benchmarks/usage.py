"""Runs a command as a child process and says what it used. What is run belongs to the modules beside this one.

This module and its callers import nothing heavy: the operating system counts a parent's memory at the start of its child
towards the child's peak.
"""

import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

TAIL_LINES = 25


class BenchmarkFailedError(RuntimeError):
    """A measured command did not end well, or gave another answer than it should; the message says which."""


class PartFailedError(BenchmarkFailedError):
    """A part of a measurement failed after others were measured; it holds the figures of those and says which part it was."""

    def __init__(self, part: str, figures: dict, cause: BenchmarkFailedError) -> None:
        """Keep what was measured beside the words of the cause."""
        super().__init__(str(cause))
        self.part = part
        self.figures = figures


@dataclass(frozen=True)
class Usage:
    """What a process and its children used: wall and CPU seconds (user and system), peak resident memory in MiB."""

    wall_s: float
    cpu_s: float
    peak_mib: float

    def as_dict(self) -> dict[str, float]:
        """Return the three figures, rounded to what a reader needs."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def spend(command: list[str], *, environment: dict[str, str] | None = None) -> tuple[Usage, str]:
    """Run a command and return what it used and what it printed (both streams).

    Raises:
        BenchmarkFailedError: it ended with another exit code than 0; the message ends with its last lines.
    """
    with tempfile.TemporaryDirectory(prefix="trellis-benchmark-") as folder:
        log = Path(folder) / "log.txt"
        to_log = (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        started = time.monotonic()
        pid = os.posix_spawn(
            command[0],
            command,
            {**os.environ, "DAGSTER_DISABLE_TELEMETRY": "1", **(environment or {})},
            file_actions=[to_log, (os.POSIX_SPAWN_DUP2, 1, 2)],
        )
        _, status, used = os.wait4(pid, 0)
        usage = Usage(time.monotonic() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
        printed = log.read_text(encoding="utf-8", errors="replace")
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        tail = "\n".join(printed.splitlines()[-TAIL_LINES:])
        message = f"{' '.join(command[1:])} ended with exit code {code}; its last lines:\n{tail}"
        raise BenchmarkFailedError(message)
    return usage, printed


def measure(
    module: str,
    arguments: list[str],
    *,
    environment: dict[str, str] | None = None,
    python: str = sys.executable,
) -> tuple[Usage, dict]:
    """Run `python -m module arguments... --result FILE` and return what it used and the JSON object it wrote.

    Raises:
        BenchmarkFailedError: it ended with another exit code than 0; the message ends with its last lines.
    """
    with tempfile.TemporaryDirectory(prefix="trellis-benchmark-") as folder:
        result = Path(folder) / "result.json"
        command = [python, "-m", module, *arguments, "--result", str(result)]
        usage, _ = spend(command, environment=environment)
        return usage, json.loads(result.read_text(encoding="utf-8"))


def end(code: int = 0) -> NoReturn:
    """End a child process at once: the engine's binding would print notes about its shutdown after the last words that count."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
