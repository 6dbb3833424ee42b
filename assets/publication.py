"""Builds one immutable published version and moves the pointer to it: files first, manifest last, pointer after all.

Drawing the pages belongs to `service/pages.py`; when a publication is wanted to `pipelines/publish.py`.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from assets.warehouse import Warehouse
from contracts.outputs import PUBLISHED_TABLES, SEGMENTS, TABLES
from contracts.settings import Settings
from sql.queries import load_queries

LAYOUT_VERSION = 1
CSV_NOTE = (
    "Text cells of CSV files that begin with = + - @, tab, carriage return or line feed carry a leading apostrophe, so that no "
    "spreadsheet runs them; Parquet files hold the plain values. List columns are JSON in CSV."
)
_RISKY = r"^[=+\-@\t\r\n\x00]"


class PublicationHeldError(RuntimeError):
    """The new version would change too much, or go back in time; the published one stays."""


@dataclass(frozen=True)
class Permission:
    """What the operator allows this publication to do."""

    size_jump: bool = False
    older_as_of: bool = False


@dataclass(frozen=True)
class Published:
    """A finished version: its name, folder and the number of list rows."""

    version: str
    folder: Path
    rows: int


def current_version(home: Path) -> Path | None:
    """Return the folder the pointer names, or None before the first publication."""
    pointer = home / "published" / "current"
    return (home / "published" / pointer.read_text(encoding="utf-8").strip()) if pointer.is_file() else None


def read_manifest(version: Path) -> dict:
    """Return a version's manifest."""
    return json.loads((version / "manifest.json").read_text(encoding="utf-8"))


def check_permission(warehouse: Warehouse, home: Path, as_of: date, settings: Settings, permission: Permission) -> None:
    """Refuse a version that is older than the published one, or whose lists jumped in size.

    Raises:
        PublicationHeldError: what changed, by how much, and how to allow it.
    """
    current = current_version(home)
    if current is None:
        return
    published_as_of = date.fromisoformat(read_manifest(current)["as_of"])
    if as_of < published_as_of and not permission.older_as_of:
        message = f"as_of {as_of} is older than the published {published_as_of}; the pointer stays (allow with --allow-older)"
        raise PublicationHeldError(message)
    if permission.size_jump:
        return
    published = read_manifest(current)["segments"]
    sizes = warehouse.frame(
        "select segment, members_count from segment.sizes where as_of = $as_of order by segment", {"as_of": as_of}
    )
    jumps = []
    for segment, members in sizes.itertuples(index=False):
        before = published.get(segment, {}).get("rows", 0)
        change = abs(members - before)
        if change > settings.size_jump_share * max(before, 1) and change >= settings.size_jump_rows_at_least and before:
            jumps.append(f"{segment} {before} -> {members}")
    if jumps:
        message = (
            f"lists changed by more than {settings.size_jump_share:.0%} since the published version: {', '.join(jumps)}. Look at "
            "`trellis sql \"select * from segment.sizes\"`, then allow it with --allow-jump; the old version stays published"
        )
        raise PublicationHeldError(message)


def _write_tables(warehouse: Warehouse, folder: Path, as_of: date) -> dict[str, int]:
    """Write the published tables of this as_of and return file -> rows."""
    rows = {}
    queries = load_queries()
    reports = [table for table, query in queries.items() if query.layer == "report"]
    for table in (*PUBLISHED_TABLES, *reports):
        grain = TABLES[table].grain if table in TABLES else queries[table].grain
        dated = "as_of" in grain
        select = f"select * from {table}{' where as_of = $as_of' if dated else ''} order by {', '.join(grain)}"
        name = f"tables/{table}.parquet"
        rows[name] = warehouse.export(select, folder / name, {"as_of": as_of} if dated else {})
    return rows


def _write_segments(warehouse: Warehouse, folder: Path, as_of: date) -> dict[str, int]:
    """Write each list as Parquet and CSV, members by value at stake, and return file -> rows."""
    rows = {}
    order = "order by value_at_stake desc, user_id"
    text = ("segment", "segment_version", "variant", "user_id", "recommended_action", "reason_en", "reason_zh", "consent_basis")
    escaped = ", ".join(f"case when regexp_matches({name}, '{_RISKY}') then '''' || {name} else {name} end as {name}" for name in text)
    for segment in SEGMENTS:
        parameters = {"as_of": as_of, "segment": segment}
        where = "where as_of = $as_of and segment = $segment"
        select = f"select * from segment.members {where} {order}"
        rows[f"segments/{segment}.parquet"] = warehouse.export(select, folder / f"segments/{segment}.parquet", parameters)
        flat = f"select * replace ({escaped}, to_json(reason_codes) as reason_codes) from segment.members {where} {order}"
        rows[f"segments/{segment}.csv"] = warehouse.export(flat, folder / f"segments/{segment}.csv", parameters)
    return rows


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, text: str) -> None:
    """Replace a small file so that a reader sees the old or the new text and a crash leaves one of them."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _claim(published: Path, as_of: date) -> tuple[str, Path]:
    """Reserve the next free version name of this as_of by making its working folder."""
    published.mkdir(parents=True, exist_ok=True)
    taken = [int(path.name.rsplit(".", 1)[1]) for path in published.glob(f"{as_of}.*") if path.is_dir()]
    number = max(taken, default=0) + 1
    working = published / f".writing-{as_of}.{number}-{os.getpid()}"
    working.mkdir()
    return f"{as_of}.{number}", working


def publish(
    warehouse: Warehouse,
    home: Path,
    as_of: date,
    *,
    settings: Settings,
    permission: Permission,
    draw_pages: Callable[[Path], Mapping[str, int]],
    run_id: str,
    code_version: str,
    created_at: datetime,
) -> Published:
    """Write a version, verify it, and move the pointer; versions beyond the kept ones are removed afterwards.

    `draw_pages` gets the folder with segments and tables and returns page -> rows it shows.

    Raises:
        PublicationHeldError: see `check_permission`; nothing is written.
    """
    check_permission(warehouse, home, as_of, settings, permission)
    published = home / "published"
    version, working = _claim(published, as_of)
    # only one process holds the warehouse, so what another left half-written is dead
    for left in published.glob(".writing-*"):
        if left != working:
            shutil.rmtree(left)
    try:
        for part in ("segments", "tables", "dashboards"):
            (working / part).mkdir()
        rows = {**_write_segments(warehouse, working, as_of), **_write_tables(warehouse, working, as_of)}
        manifest = {
            "layout_version": LAYOUT_VERSION,
            "version": version,
            "as_of": as_of.isoformat(),
            "created_at": created_at.isoformat(),
            "run_id": run_id,
            "code_version": code_version,
            "mapping": warehouse.recall("mapping"),
            "time_zone": warehouse.recall("time_zone"),
            "currency": warehouse.recall("currency"),
            "horizons_days": [int(days) for days in str(warehouse.recall("horizons_days")).split(",")],
            "churn_window_days": int(str(warehouse.recall("churn_window_days"))),
            "is_simulated": warehouse.recall("is_simulated") == "yes",
            "small_cell_below": settings.small_cell_below,
            "csv": CSV_NOTE,
            "segments": _segment_facts(warehouse, as_of, rows),
            "data_quality": _data_quality(warehouse),
        }
        (working / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
        rows.update(draw_pages(working))
        manifest["files"] = {
            name: {"rows": count, "bytes": (working / name).stat().st_size, "sha256": _sha256(working / name)}
            for name, count in sorted(rows.items())
        }
        write_atomically(working / "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1))
        working.rename(published / version)
    except BaseException:
        shutil.rmtree(working, ignore_errors=True)
        raise
    write_atomically(published / "current", version + "\n")
    remove_old_versions(home, settings, now=created_at)
    list_rows = sum(count for name, count in rows.items() if name.startswith("segments/") and name.endswith(".parquet"))
    return Published(version, published / version, list_rows)


def _segment_facts(warehouse: Warehouse, as_of: date, rows: dict[str, int]) -> dict:
    sizes = warehouse.frame("select * from segment.sizes where as_of = $as_of order by segment", {"as_of": as_of})
    return {
        size.segment: {
            "rows": rows[f"segments/{size.segment}.parquet"],
            "control": int(size.control_count),
            "kept_out_for_lack_of_consent": int(size.lacking_consent_count),
            "empty_because": size.reason if isinstance(size.reason, str) else None,
        }
        for size in sizes.itertuples()
    }


def _data_quality(warehouse: Warehouse) -> dict:
    ledger = warehouse.frame("select * from report.data_quality order by contract").set_index("contract")
    files = warehouse.frame(
        "select count(*) as files, sum(records_counted) as records, sum(rows_rejected) as rejected from bronze.file_ledger"
    ).fillna(0)
    notices = warehouse.frame("select distinct file_name, notice from bronze.notices order by 1, 2")
    return {
        "files": {name: int(value) for name, value in files.iloc[0].items()},
        "contracts": {name: {key: int(value) for key, value in row.items()} for name, row in ledger.iterrows()},
        "notices": [f"{row.file_name}: {row.notice}" for row in notices.itertuples()],
    }


def remove_old_versions(home: Path, settings: Settings, *, now: datetime) -> list[str]:
    """Remove versions beyond the newest kept ones that are older than the grace time; never the current one."""
    published, current = home / "published", current_version(home)
    dated = []
    for folder in published.iterdir():
        if folder.is_dir() and not folder.name.startswith(".") and (folder / "manifest.json").is_file():
            dated.append((datetime.fromisoformat(read_manifest(folder)["created_at"]), folder))
    removed = []
    grace = timedelta(hours=settings.keep_versions_hours)
    for created, folder in sorted(dated, reverse=True)[settings.keep_versions :]:
        if folder != current and now - created >= grace:
            shutil.rmtree(folder)
            removed.append(folder.name)
    return removed
