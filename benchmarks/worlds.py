"""Simulated shops of the sizes that are measured, made once and kept in a folder; and the landing folder of a run.

Run as a module it is the child process that writes one world. The model of a world belongs to `pipelines/world/`.
"""

import argparse
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.usage import Usage, measure

EVENTS_PER_USER = 100
DAYS = 366
SEED = 7
SKEWED_ONE_IN = 20


@dataclass(frozen=True)
class World:
    """A simulated shop on disk: files of a year, and those that arrive on the day after it."""

    folder: Path
    rows: dict[str, int]
    generation: Usage

    @property
    def history(self) -> list[Path]:
        """The files of the year, without the last day."""
        return sorted((self.folder / "history").iterdir())

    @property
    def last_day(self) -> list[Path]:
        """The files that arrive on the last day."""
        return sorted(path for path in (self.folder / "days").rglob("*") if path.is_file())

    @property
    def event_files(self) -> list[Path]:
        """The event files of the year."""
        return [path for path in self.history if path.name.startswith("events")]


def world(cache: Path, events: int, *, days: int = DAYS, users: int | None = None) -> World:
    """Return the world of about so many events, from the cache if it is there; 100 events and 5 orders a user and year."""
    people = users or events // EVENTS_PER_USER
    folder = cache / f"world-{events}-events-{people}-users-{days}-days"
    size = ["--users", str(people), "--events", str(events), "--days", str(days)]
    return _kept(folder, size, f"Simulating {events:,} events of {people:,} users over {days} days")


def skewed_world(cache: Path, even: World) -> World:
    """Return a copy of a world in which one user has 5 % of all events."""
    folder = even.folder.with_name(f"{even.folder.name}-skewed")
    made = _kept(cache / folder.name, ["--skew", str(even.folder)], f"Giving one user 5 % of {even.folder.name}")
    return World(made.folder, even.rows, made.generation)


def _kept(folder: Path, arguments: list[str], what: str) -> World:
    marker = folder / "benchmark.json"
    if not marker.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        sys.stderr.write(f"{what} ...\n")
        usage, rows = measure("benchmarks.worlds", ["--out", str(folder), *arguments])
        marker.write_text(json.dumps({"rows": rows, "generation": usage.as_dict()}), encoding="utf-8")
    kept = json.loads(marker.read_text(encoding="utf-8"))
    return World(folder, kept["rows"], Usage(**kept["generation"]))


def land(files: list[Path], landing: Path, *, suffix: str = "") -> None:
    """Put files into a landing folder without a second copy on disk; `suffix` keeps their names apart."""
    landing.mkdir(parents=True, exist_ok=True)
    for path in files:
        os.link(path, landing / f"{path.stem}{suffix}{path.suffix}")


def _skew(source: Path, out: Path) -> None:
    """Link every file but the events; there every 20th event becomes one of the user with the smallest id."""
    import duckdb

    for path in sorted(path for path in (source / "history").iterdir() if not path.name.startswith("events")):
        land([path], out / "history")
    connection = duckdb.connect(config={"preserve_insertion_order": "true"})
    chosen = f"(select min(user_id) from read_parquet('{source}/history/users*.parquet'))"
    for path in sorted((source / "history").glob("events*.parquet")):
        connection.execute(
            "copy (select * replace ("
            f"case when hash(event_id) % {SKEWED_ONE_IN} = 0 then {chosen} else user_id end as user_id, "
            f"case when hash(event_id) % {SKEWED_ONE_IN} <> 0 then anonymous_id end as anonymous_id) "
            f"from '{path}') to '{out / 'history' / path.name}' (format parquet, compression zstd)"
        )


def main() -> None:
    """Write one world, or a skewed copy of one, and the rows of each source."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--users", type=int)
    parser.add_argument("--events", type=int)
    parser.add_argument("--days", type=int)
    parser.add_argument("--skew", type=Path)
    parser.add_argument("--result", type=Path, required=True)
    options = parser.parse_args()
    rows: dict[str, int] = {}
    if options.skew:
        _skew(options.skew, options.out)
    else:
        from pipelines.world import generate

        size = {"users": options.users, "events": options.events, "days": options.days}
        rows = generate(options.out, **size, seed=SEED, last_days=1).rows
    options.result.write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
