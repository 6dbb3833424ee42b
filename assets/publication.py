"""Builds one immutable published version and moves the pointer to it: files first, manifest last, pointer after all.

Drawing the pages belongs to `service/pages.py`; when a publication is wanted to `pipelines/publish.py`.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from assets.failpoints import failpoint
from assets.small_groups import columns_sql, withheld_sql
from assets.versions import (
    claim_version,
    current_version,
    read_manifest,
    remove_old_versions,
    settle_file,
    settle_folder,
    write_atomically,
)  # fmt: skip
from assets.warehouse import Parameters, Warehouse
from contracts.columns import COLUMNS
from contracts.outputs import PUBLISHED_TABLES, SEGMENTS, TABLES
from contracts.settings import Settings
from sql.queries import load_queries

LAYOUT_VERSION = 1
CSV_NOTE = (
    "Text cells of CSV files that begin with = + - @, an apostrophe, tab, carriage return or line feed carry an apostrophe in "
    "front, so that no spreadsheet runs them: drop the first apostrophe of a cell to have its value. Parquet files hold the "
    "plain values. List columns are JSON in CSV."
)
_RISKY = r"^[=+\-@''\t\r\n\x00]"


class PublicationHeldError(RuntimeError):
    """The new version would change too much, or go back in time; the published one stays."""


@dataclass(frozen=True)
class Permission:
    """What the operator allows this publication to do."""

    size_jump: bool = False
    older_as_of: bool = False


@dataclass(frozen=True)
class RunFacts:
    """Which run of which code makes a version, and when (UTC)."""

    run_id: str
    code_version: str
    created_at: datetime


@dataclass(frozen=True)
class Published:
    """A finished version: its name, folder and the number of list rows."""

    version: str
    folder: Path
    rows: int


def check_permission(warehouse: Warehouse, home: Path, as_of: date, settings: Settings, permission: Permission) -> None:
    """Refuse a version that is older than the published one, or whose lists jumped in size.

    Raises:
        PointerError: the published version cannot be read.
        PublicationHeldError: what changed, by how much, and how to allow it.
    """
    current = current_version(home)
    if current is None:
        return
    published_as_of = date.fromisoformat(read_manifest(current)["as_of"])
    if as_of < published_as_of and not permission.older_as_of:
        message = (
            f"as_of {as_of} is older than the published {published_as_of}; the pointer stays (allow with --allow-older)"
        )
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
            "them (trellis sql 'select * from segment.sizes'), then allow it with --allow-jump; the old version stays published"
        )
        raise PublicationHeldError(message)


def _write_tables(
    warehouse: Warehouse, folder: Path, as_of: date, *, below: int
) -> tuple[dict[str, int], dict[str, int]]:
    """Write the published tables of this as_of; return file -> rows, and table -> rows kept out as too small a group."""
    rows, withheld = {}, {}
    queries = load_queries()
    reports = [table for table, query in queries.items() if query.layer == "report"]
    for table in (*PUBLISHED_TABLES, *reports):
        grain = TABLES[table].grain if table in TABLES else queries[table].grain
        parameters: Parameters = {"as_of": as_of} if "as_of" in grain else {}
        where = " where as_of = $as_of" if parameters else ""
        columns, condition = columns_sql(table), withheld_sql(warehouse, table, parameters, below=below)
        source = f"select * from {table}{where}"
        if condition:
            judged = f"select published.*, {condition} as is_withheld from {table} as published{where}"
            used = {**parameters, "below": below} if "$below" in condition else parameters
            withheld[table] = int(str(warehouse.value(f"select count(*) from ({judged}) where is_withheld", used)))
            source = f"select * exclude (is_withheld) from ({judged}) where not is_withheld"
        name = f"tables/{table}.parquet"
        select = f"select {columns} from ({source}) order by {', '.join(grain)}"
        if "$below" in select:
            parameters["below"] = below
        rows[name] = warehouse.export(select, folder / name, parameters)
    return rows, withheld


def _write_segments(warehouse: Warehouse, folder: Path, as_of: date) -> dict[str, int]:
    """Write each list as Parquet and CSV, members by value at stake, and return file -> rows."""
    rows = {}
    made = warehouse.frame("select segment from segment.sizes where as_of = $as_of order by segment", {"as_of": as_of})
    segments = dict.fromkeys([*SEGMENTS, *made["segment"]])  # and those that trellis.toml declares
    order = "order by value_at_stake desc, user_id"
    text = [name for name in TABLES["segment.members"].columns if COLUMNS[name].type == "VARCHAR"]
    escaped = ", ".join(
        f"case when regexp_matches({name}, '{_RISKY}') then '''' || {name} else {name} end as {name}" for name in text
    )
    for segment in segments:
        parameters = {"as_of": as_of, "segment": segment}
        where = "where as_of = $as_of and segment = $segment"
        select = f"select * from segment.members {where} {order}"
        rows[f"segments/{segment}.parquet"] = warehouse.export(
            select, folder / f"segments/{segment}.parquet", parameters
        )
        flat = (
            f"select * replace ({escaped}, to_json(reason_codes) as reason_codes) from segment.members {where} {order}"
        )
        rows[f"segments/{segment}.csv"] = warehouse.export(flat, folder / f"segments/{segment}.csv", parameters)
    return rows


def publish(
    warehouse: Warehouse,
    home: Path,
    as_of: date,
    *,
    settings: Settings,
    permission: Permission,
    draw_pages: Callable[[Path], Mapping[str, int]],
    facts: RunFacts,
) -> Published:
    """Write a version, verify it, and move the pointer; versions beyond the kept ones are removed afterwards.

    `draw_pages` gets the folder with segments and tables and returns page -> rows it shows.

    Raises:
        PublicationHeldError: see `check_permission`; nothing is written.
    """
    check_permission(warehouse, home, as_of, settings, permission)
    version, working = claim_version(home, as_of)
    failpoint("claimed")
    try:
        for part in ("segments", "tables", "dashboards"):
            (working / part).mkdir()
        tables, withheld = _write_tables(warehouse, working, as_of, below=settings.small_cell_below)
        rows = {**_write_segments(warehouse, working, as_of), **tables}
        manifest = {
            "layout_version": LAYOUT_VERSION,
            "version": version,
            "as_of": as_of.isoformat(),
            "created_at": facts.created_at.isoformat(),
            "run_id": facts.run_id,
            "code_version": facts.code_version,
            "mapping": warehouse.recall("mapping"),
            "time_zone": warehouse.recall("time_zone"),
            "currency": warehouse.recall("currency"),
            "horizons_days": [int(days) for days in str(warehouse.recall("horizons_days")).split(",")],
            "churn_window_days": int(str(warehouse.recall("churn_window_days"))),
            "is_simulated": warehouse.recall("is_simulated") == "yes",
            "small_cell_below": settings.small_cell_below,
            "small_groups_withheld_rows": withheld,
            "csv": CSV_NOTE,
            "segments": _segment_facts(warehouse, as_of, rows),
            "data_quality": _data_quality(warehouse),
        }
        (working / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
        rows.update(draw_pages(working))
        failpoint("files written")
        manifest["files"] = {
            name: {"rows": count, **settle_file(working / name)} for name, count in sorted(rows.items())
        }
        write_atomically(working / "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1))
        for folder in (*working.iterdir(), working):
            if folder.is_dir():
                settle_folder(folder)
        finished = working.rename(home / "published" / version)
    except BaseException:
        shutil.rmtree(working, ignore_errors=True)
        raise
    settle_folder(home / "published")
    failpoint("renamed")
    write_atomically(home / "published" / "current", version + "\n")
    remove_old_versions(home, settings, now=facts.created_at)
    list_rows = sum(count for name, count in rows.items() if name.startswith("segments/") and name.endswith(".parquet"))
    return Published(version, finished, list_rows)


def _segment_facts(warehouse: Warehouse, as_of: date, rows: dict[str, int]) -> dict:
    sizes = warehouse.frame("select * from segment.sizes where as_of = $as_of order by segment", {"as_of": as_of})
    return {
        size.segment: {
            "rows": rows[f"segments/{size.segment}.parquet"],
            "control": int(str(size.control_count)),
            "kept_out_for_lack_of_consent": int(str(size.lacking_consent_count)),
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
