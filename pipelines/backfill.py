"""`trellis backfill`: past as_ofs in date order on the core tables as they are, published only when asked for."""

from datetime import date, timedelta
from pathlib import Path

from pipelines.settings import write_dagster_home

DONE, FAILED = 0, 1


def as_ofs(first: date, until: date, every_days: int) -> list[date]:
    """Return first, first + every, ... up to and including until.

    Raises:
        ValueError: until lies before first.
    """
    if until < first:
        message = f"--until {until} lies before --from {first}"
        raise ValueError(message)
    count = (until - first).days // every_days + 1
    return [first + timedelta(days=every_days * number) for number in range(count)]


def backfill(home: Path, first: date, until: date, *, every_days: int, publish: bool) -> int:
    """Compute each as_of and return the exit code; stops at the first that fails and says which."""
    write_dagster_home(home)
    from pipelines.launch import launch  # Dagster takes seconds to import

    days = as_ofs(first, until, every_days)
    for number, as_of in enumerate(days, start=1):
        print(f"as_of {as_of} ({number} of {len(days)})", flush=True)
        newest = publish and as_of == days[-1]
        outcome = launch("snapshots", home, {}, as_of=as_of, publish_config={"publish": newest})
        outcome.print_faults()
        if outcome.halted or outcome.faults:
            return FAILED
    return DONE
