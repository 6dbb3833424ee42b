"""Proves the published versions: pointer, files against their manifests, leftovers, and totals against the warehouse."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq

from assets.finding import Finding
from assets.versions import PointerError, all_versions, current_version, file_facts, leftovers, read_manifest
from assets.warehouse import Warehouse, quoted

_MONTHS = """
    select month_date, sum(net_amount) as net_amount, sum(orders_count) as orders_count
    from {table} where population = 'all' group by month_date
"""
_NET = """
    select sum(gross_amount - discount_amount)
        - sum(case when is_paid then returned_amount + case when refunded_date is null then 0 else refund_amount end
                   else paid_amount end)
    from core.order_items
"""


def prove_publication(warehouse: Warehouse, home: Path) -> Iterator[Finding]:
    """Yield whether the pointer resolves, every version is what its manifest says, nothing lies about, and totals agree."""
    name = "published pointer resolves"
    try:
        current = current_version(home)
    except PointerError as error:
        current = None
        yield Finding(name, holds=False, detail=str(error))
    else:
        yield Finding(name, holds=True, detail=str(current or "nothing is published yet"))
    versions, wrong = all_versions(home), []
    if versions:
        wrong = [fault for version in versions for fault in _faults(version)]
        detail = "; ".join(wrong) or f"{len(versions)} versions: files, bytes, SHA-256 and rows as in the manifests"
        yield Finding("published files are what their manifests say", not wrong, detail)
    yield _no_leftovers(home, current)
    if current is not None and not wrong:
        yield _totals(warehouse, current)


def _faults(version: Path) -> Iterator[str]:
    try:
        files = read_manifest(version)["files"]
    except PointerError as error:
        yield str(error)
        return
    for name, facts in files.items():
        path = version / name
        where = f"{version.name}/{name}"
        if not path.is_file():
            yield f"{where} is missing"
        elif file_facts(path) != {key: facts[key] for key in ("bytes", "sha256")}:
            yield f"{where} is not what the manifest says"
        elif path.suffix == ".parquet" and pq.ParquetFile(path).metadata.num_rows != facts["rows"]:
            yield f"{where} does not hold {facts['rows']} rows"
    present = {path.relative_to(version).as_posix() for path in version.rglob("*") if path.is_file()}
    for name in sorted(present - set(files) - {"manifest.json"}):
        yield f"{version.name}/{name} is not in the manifest"


def _no_leftovers(home: Path, current: Path | None) -> Finding:
    """What a killed publication leaves is swept by the next one, so what is older than the current version is wrong."""
    left = [*leftovers(home), *(home / "tmp").glob("*")]
    made = datetime.fromisoformat(read_manifest(current)["created_at"]) if current else datetime.max.replace(tzinfo=UTC)
    old = [path.name for path in left if datetime.fromtimestamp(path.stat().st_mtime, UTC) < made]
    detail = "none"
    if old:
        detail = f"{', '.join(old)}: older than the last run; remove them"
    elif left:
        detail = (
            f"{', '.join(path.name for path in left)}: left by a run that was killed; the next one sweeps them away"
        )
    return Finding("no half-written version or staging lies about", not old, detail)


def _totals(warehouse: Warehouse, version: Path) -> Finding:
    """Revenue in the version = in the warehouse, month by month; and its sum = that of the order lines, reckoned another way."""
    name = "published revenue equals the warehouse"
    counts = {
        contract: {key: int(value) for key, value in row.items()}
        for contract, row in warehouse.frame("select * from report.data_quality").set_index("contract").iterrows()
    }
    if read_manifest(version)["data_quality"]["contracts"] != counts:
        return Finding(name, holds=True, detail="not checked: files were loaded since; `trellis run` publishes them")
    file = f"read_parquet({quoted(version / 'tables' / 'report.revenue_month.parquet')})"
    published, own = (
        warehouse.connection.execute(_MONTHS.format(table=table)).fetchall() for table in (file, "report.revenue_month")
    )
    apart = sorted(set(published) ^ set(own))
    net = sum(row[1] for row in published)
    reckoned = warehouse.value(_NET) or 0
    detail = f"{len(published)} months, net {net:,}, from core.order_items {reckoned:,}"
    if apart:
        detail += f"; {len(apart)} rows differ, the first is {apart[0]}"
    return Finding(name, not apart and net == reckoned, detail)
