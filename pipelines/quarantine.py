"""`trellis quarantine`: what waits there and why, and how it is tried again under the present rules."""

from datetime import UTC, datetime
from pathlib import Path

from assets.home import Home
from assets.ingest import ingest
from assets.ingest.replay import forget_quarantined, quarantine_counts, quarantined_rows
from assets.warehouse import open_warehouse
from pipelines.settings import load_settings

DONE, FAILED = 0, 1
SHOWN_AT_MOST = 20


def _known_home(home: Path) -> None:
    if not (home / "warehouse.duckdb").is_file():
        message = f"{home / 'warehouse.duckdb'}: does not exist yet; `trellis run` or `trellis demo` makes it"
        raise FileNotFoundError(message)


def list_quarantine(home: Path) -> int:
    """Print how many rows wait per file and reason, and the first of them as they came; return the exit code."""
    _known_home(home)
    with open_warehouse(home, memory_limit=load_settings(home).memory_limit) as warehouse:
        counts = quarantine_counts(warehouse)
        rows = quarantined_rows(warehouse, limit=SHOWN_AT_MOST)
    if not counts:
        print("The quarantine is empty.")
        return DONE
    print(f"{sum(count.rows_count for count in counts):,} rows wait:")
    for count in counts:
        print(f"  {count.rows_count:>8,}  {count.contract:<12} {count.file_name:<28} {count.reason}")
    print(f"\nThe first {len(rows)} as they came (direct identifiers masked):")
    for row in rows:
        where = f"record {row.record_number}" if row.record_number is not None else "derived row"
        print(f"  {row.file_name} {where}: {row.reason}\n      {row.raw_text}")
    print(
        "\nMend the mapping or the rule, then `trellis quarantine replay`; or mend the export and put it beside the old one."
    )
    return DONE


def replay_quarantine(home: Path) -> int:
    """Read every file with refused rows again under the present mapping and rules; return the exit code.

    Their rows are replaced in one transaction per file. Run `trellis run` afterwards to score and publish.
    """
    _known_home(home)
    settings = load_settings(home)
    with open_warehouse(home, memory_limit=settings.memory_limit) as warehouse:
        remembered = {name: warehouse.recall(name) for name in ("sources", "mapping_folder")}
        before = sum(count.rows_count for count in quarantine_counts(warehouse))
    overrides = {
        "sources": settings.sources or remembered["sources"],
        "mapping": remembered["mapping_folder"] or settings.mapping,
    }
    settings = load_settings(home, overrides)
    shop = Home(path=str(home), settings_json=settings.model_dump_json()).shop()
    with open_warehouse(home, memory_limit=settings.memory_limit) as warehouse:
        plan = forget_quarantined(warehouse, shop.sources, shop.mappings)
    if plan.forgotten:
        ingest(
            home,
            shop.sources,
            shop.mappings,
            received_at=datetime.now(UTC).replace(tzinfo=None),
            time_zone=shop.time_zone,
            base_currency=shop.currency,
            memory_limit=settings.memory_limit,
        )
    with open_warehouse(home, memory_limit=settings.memory_limit) as warehouse:
        after = sum(count.rows_count for count in quarantine_counts(warehouse))
    print(f"{len(plan.forgotten)} files read again: {before:,} rows waited, {after:,} wait now.")
    for contract, name in plan.gone:
        print(f"  {name} is gone; its rows of {contract} stay as they are")
    if before != after:
        print("Run `trellis run` to score and publish with the new rows.")
    return DONE
