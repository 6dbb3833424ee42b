"""What a child used is what the operating system counted for it; a child that fails says why."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.machine import machine
from benchmarks.usage import BenchmarkFailedError, spend

ROOT = Path(__file__).resolve().parents[2]


def test_usage_of_a_child_is_its_own() -> None:
    # asked of a process that is small itself: the system counts its memory towards the child's peak
    program = (
        "import sys; from benchmarks.usage import spend; "
        "usage, printed = spend([sys.executable, '-c', 'print(len(bytearray(300 * 2**20)))']); "
        "print(printed.strip(), usage.peak_mib, usage.cpu_s > 0, usage.wall_s > 0)"
    )
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    held, peak_mib, *positive = told.stdout.split()
    assert (held, positive) == (str(300 * 2**20), ["True", "True"])
    assert 300 < float(peak_mib) < 400


def test_usage_counts_grandchildren() -> None:
    work = "sum(range(20_000_000))"
    own, _ = spend([sys.executable, "-c", "pass"])
    nested, _ = spend(
        [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{work}'])"]
    )
    assert nested.cpu_s > 2 * own.cpu_s


def test_a_failing_child_is_an_error_with_its_last_lines() -> None:
    with pytest.raises(BenchmarkFailedError, match=r"exit code 3(.|\n)*no room") as error:
        spend([sys.executable, "-c", "import sys; print('no room'); sys.exit(3)"])
    assert "no room" in str(error.value)


def test_machine_names_what_figures_depend_on() -> None:
    told = machine()
    assert {"processor", "cores", "memory", "Python", "duckdb"} <= set(told)
    assert all(told.values())
