"""What the figures were measured on: processor, memory, system, versions of the code and of its libraries."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = ("duckdb", "dagster", "pandas", "pyarrow", "scikit-learn")
PEERS = ("chdb", "polars", "lifetimes", "retentioneering")


def machine() -> dict[str, str]:
    """Return name -> text for processor, cores, memory, system and Python; equal for equal machines."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        **{name: _installed(name) for name in (*LIBRARIES, *PEERS)},
    }


def code_version(root: Path = Path(__file__).parent) -> str:
    """Return the commit of the checkout, with `+` where files differ from it; `unknown` outside of one."""
    told = []
    for words in (["rev-parse", "--short", "HEAD"], ["status", "--porcelain", "--untracked-files=no"]):
        answer = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)  # noqa: S603, S607
        if answer.returncode != 0:
            return "unknown"
        told.append(answer.stdout.strip())
    return told[0] + ("+" if told[1] else "")


def _processor() -> str:
    """Return the processor's name as the system tells it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
