"""`trellis demo`: a simulated social shop in `<home>/landing`, and the whole run on it."""

import shutil
from pathlib import Path

from pipelines.run import RunOptions, run
from pipelines.world import generate

DIRTY_SHARE = 0.002


def run_demo(home: Path, *, users: int, events: int, days: int, seed: int) -> int:
    """Generate the simulated shop (CSV, some rows dirty), run everything, and return the exit code.

    The same numbers and seed give the same files, so a second call finds nothing new.
    """
    landing = home / "landing"
    marker = landing / "SIMULATED.md"
    wanted = f"SIMULATED data: users {users}, events {events}, days {days}, seed {seed}, dirty share {DIRTY_SHARE}, optional\n"
    if not marker.is_file() or marker.read_text(encoding="utf-8") != wanted:
        if landing.exists() and any(landing.iterdir()) and not marker.is_file():
            message = f"{landing}: holds files that are not the demo's; give the demo a home of its own: trellis demo --home DIR"
            raise FileNotFoundError(message)
        shutil.rmtree(landing, ignore_errors=True)
        print(f"Simulating a shop with {users:,} users over {days} days in {landing} ...")
        generate(
            landing,
            users=users,
            events=events,
            days=days,
            seed=seed,
            file_format="csv",
            dirty_share=DIRTY_SHARE,
            optional=True,
        )
        marker.write_text(wanted, encoding="utf-8")
    return run(home, RunOptions())
