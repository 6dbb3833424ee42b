"""`trellis run`: new files in, the newest as_of scored, listed and published, with progress and a summary in words."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib.metadata import version as installed_version
from pathlib import Path

from pipelines.settings import load_settings, write_dagster_home
from sql.queries import SQL_ROOT

DONE, FAILED = 0, 1


@dataclass(frozen=True)
class RunOptions:
    """What the operator asked for; None = the setting, else the default."""

    sources: Path | None = None
    mapping: str | None = None
    as_of: date | None = None
    horizons_days: tuple[int, ...] | None = None
    training_every_days: int | None = None
    allow_jump: bool = False
    allow_older: bool = False

    def overrides(self) -> dict[str, object]:
        """Return the settings this run overrides."""
        return {
            "sources": str(self.sources) if self.sources else None,
            "mapping": self.mapping,
            "horizons_days": self.horizons_days,
            "training_every_days": self.training_every_days,
        }


def state_key(home: Path, options: RunOptions) -> str:
    """Return a hash of all that decides a run's result: files by name, size and time, code, mapping, settings, options."""
    settings = load_settings(home, options.overrides())
    sources = Path(settings.sources) if settings.sources else home / "landing"
    parts = [installed_version("trellis-growth"), settings.model_dump_json(), str(replace(options, sources=sources))]
    if sources.is_dir():
        for path in sorted(sources.rglob("*")):
            if path.is_file():
                stat = path.stat()
                parts.append(f"{path.relative_to(sources)} {stat.st_size} {stat.st_mtime_ns}")
    promoted = home / "models" / "pins.json"  # what the operator promoted changes who scores
    parts.append(promoted.read_text(encoding="utf-8") if promoted.is_file() else "")
    house = SQL_ROOT.parent
    code = [
        path for room in ("contracts", "sql", "models", "assets", "pipelines") for path in (house / room).rglob("*.py")
    ]
    mapping = Path(settings.mapping)
    queries = [*SQL_ROOT.rglob("*.sql"), *(mapping.glob("*.sql") if mapping.is_dir() else [])]
    parts += [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted([*code, *queries])]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def nothing_new(home: Path, key: str) -> str | None:
    """Return the published version when the last run had the same key and its version is still the current one."""
    memory, pointer = home / "last_run.json", home / "published" / "current"
    if not memory.is_file() or not pointer.is_file():
        return None
    last = json.loads(memory.read_text(encoding="utf-8"))
    current = pointer.read_text(encoding="utf-8").strip()
    return current if last == {"key": key, "version": current} else None


def run(home: Path, options: RunOptions) -> int:
    """Run everything that is needed and return the exit code; a run with nothing new ends before Dagster loads."""
    key = state_key(home, options)
    version = nothing_new(home, key)
    if version:
        print(f"Nothing new since version {version}; {home / 'published' / version} is up to date.")
        return DONE
    write_dagster_home(home)
    from assets.tables import partition_of  # Dagster takes seconds to import
    from pipelines.launch import launch
    from pipelines.summary import print_summary

    if options.as_of:
        partition_of(options.as_of)  # a date that cannot be computed is refused before the files are read
    outcome = launch("load", home, options.overrides())
    if outcome.halted:
        outcome.print_faults()
        return FAILED
    as_of = options.as_of or _default_as_of(home, options.overrides())
    scored = launch(
        "snapshots",
        home,
        options.overrides(),
        as_of=as_of,
        publish_config={"allow_jump": options.allow_jump, "allow_older": options.allow_older},
    )
    outcome.print_faults()
    scored.print_faults()
    if scored.halted:
        return FAILED
    print_summary(home)
    if outcome.faults or scored.faults:
        return FAILED
    _remember(home, key)
    return DONE


def _default_as_of(home: Path, overrides: Mapping[str, object]) -> date:
    from assets.ingest import IngestError
    from assets.warehouse import open_warehouse

    with open_warehouse(home, memory_limit=load_settings(home, dict(overrides)).memory_limit) as warehouse:
        newest = warehouse.newest_business_date()
    if newest is None:
        message = f"{home}: no event and no order was accepted, so there is no as_of; see `trellis quarantine list`"
        raise IngestError(message)
    return newest + timedelta(days=1)


def _remember(home: Path, key: str) -> None:
    current = (home / "published" / "current").read_text(encoding="utf-8").strip()
    fresh = home / f".last_run.{os.getpid()}"
    fresh.write_text(json.dumps({"key": key, "version": current}), encoding="utf-8")
    fresh.replace(home / "last_run.json")
