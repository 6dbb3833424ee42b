"""A small simulated shop that was run once by the real command, for every test of the command line."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

COSTS = {"organic": 900, "social_ads": 2500, "search_ads": 1200, "push": 40}
"""Channel -> marketing costs of a month of the simulated shop."""


@dataclass(frozen=True)
class Finished:
    """What a finished process said."""

    code: int
    out: str
    err: str


def trellis(*words: object, cwd: Path = ROOT, **environment: str) -> Finished:
    """Run the command line as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *map(str, words)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Shop:
    """A home with its landing files, and what the run that made it said."""

    home: Path
    landing: Path
    run: Finished


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """300 simulated users over 120 days, some rows dirty, with marketing costs, run once."""
    home = tmp_path_factory.mktemp("home")
    made = trellis(
        "generate", "--out", home / "landing", "--users", 300, "--events", 9000, "--days", 120, "--seed", 5, "--format", "csv",
        "--dirty-share", 0.004,
    )  # fmt: skip
    assert made.code == 0, made.err
    months = ("2024-01-15", "2024-02-15", "2024-03-15", "2024-04-15")
    spent = [f"{month},{channel},none,{amount},CNY" for month in months for channel, amount in COSTS.items()]
    (home / "landing" / "marketing_costs.csv").write_text(
        "\n".join(["cost_date,channel,campaign_id,amount,currency", *spent]) + "\n", encoding="utf-8"
    )
    return Shop(home, home / "landing", trellis("run", "--home", home))


@pytest.fixture(name="trellis", scope="session")
def trellis_fixture():
    """Hand the command line to a test."""
    return trellis


@pytest.fixture
def edit_warehouse():
    """Damage a warehouse on purpose."""
    import duckdb

    def edit(home: Path, statement: str) -> None:
        with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
            connection.execute(statement)

    return edit
