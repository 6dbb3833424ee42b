"""`trellis doctor`: proves that nothing was lost between landing files and publication.

Every finding is computed anew from what lies on disk; nothing here repairs anything. Ledgers and stored rows are proved
here, totals from the landing files in `recount.py`, versions in `publication_proof.py`.
"""

from collections.abc import Iterator
from pathlib import Path

<<<<<<< Updated upstream
import pyarrow.parquet as pq

from assets.ingest import IngestError, ingest
from assets.versions import current_version, read_manifest
=======
from assets.finding import Finding
from assets.ingest.staging import MALFORMED
from assets.publication_proof import prove_publication
from assets.recount import recount, stored_totals
>>>>>>> Stashed changes
from assets.warehouse import Warehouse, open_warehouse
from contracts.settings import Settings
from contracts.sources import SOURCES
from sql.queries import load_queries

_CONFLICT = "%events have the id and date of another event%"


def examine(home: Path, settings: Settings) -> list[Finding]:
    """Return what was found in a home: ledgers, stored rows, publication, and totals recounted from the landing files.

    Raises:
        FileNotFoundError: nothing was run in this home.
        WarehouseLockedError: another process holds the warehouse.
    """
    if not (home / "warehouse.duckdb").is_file():
        message = f"{home / 'warehouse.duckdb'}: does not exist yet; `trellis run` or `trellis demo` makes it"
        raise FileNotFoundError(message)
    with open_warehouse(home, memory_limit=settings.memory_limit) as warehouse:
<<<<<<< Updated upstream
        findings = [*_ledgers(warehouse), *_stored_rows(warehouse), *_publication(warehouse, home)]
        totals = _totals(warehouse)
        files = _file_ids(warehouse)
        shop = {
            name: warehouse.recall(name) for name in ("mapping", "mapping_folder", "time_zone", "currency", "sources")
        }
    return [*findings, _recomputed(home, settings, shop, totals, files)]
=======
        findings = [*_ledgers(warehouse), *_quarantine(warehouse), *_stored_rows(warehouse)]
        findings += prove_publication(warehouse, home)
        totals = stored_totals(warehouse)
    return [*findings, recount(home, settings, totals)]


def _counts(warehouse: Warehouse, statement: str, parameters: list[str] | None = None) -> list[int]:
    row = warehouse.connection.execute(statement, parameters or []).fetchone() or ()
    return [int(value or 0) for value in row]
>>>>>>> Stashed changes


def _ledgers(warehouse: Warehouse) -> Iterator[Finding]:
    files, records, staged, rejected, wrong = _counts(
        warehouse,
        """
        select count(*), sum(records_counted), sum(rows_staged), sum(rows_rejected),
            count(*) filter (where records_counted <> rows_staged + rows_rejected)
        from bronze.file_ledger
<<<<<<< Updated upstream
    """).fetchone() or (0, 0, 0, 0, 0)
    detail = (
        f"{row[0]} files: {row[1]:,} records = {row[2]:,} staged + {row[3]:,} rejected; {row[4]} files out of balance"
    )
    yield Finding("file ledger balances", row[4] == 0, detail)
    query = load_queries()["report.data_quality"]
    condition = query.asserts[0]
    row = warehouse.connection.execute(
        f"select coalesce(sum(rows_staged), 0), count(*), count(*) filter (where not ({condition})) from bronze.row_ledger"
    ).fetchone() or (0, 0, 0)
    detail = f"{row[1]} lines, {row[0]:,} rows = loaded + updated + duplicate + excluded + quarantined; {row[2]} out of balance"
    yield Finding("row ledger balances", row[2] == 0, detail)
    row = warehouse.connection.execute("""
=======
        """,
    )
    detail = (
        f"{files} files: {records:,} records = {staged:,} staged + {rejected:,} rejected; {wrong} files out of balance"
    )
    yield Finding("file ledger balances", wrong == 0, detail)
    balance = load_queries()["report.data_quality"].asserts[0]
    staged, lines, wrong = _counts(
        warehouse,
        f"select sum(rows_staged), count(*), count(*) filter (where not ({balance})) from bronze.row_ledger",
    )
    detail = f"{lines} lines, {staged:,} rows = loaded + updated + duplicate + excluded + quarantined; {wrong} out of balance"
    yield Finding("row ledger balances", wrong == 0, detail)
    excluded, reasons, wrong = _counts(
        warehouse,
        """
        with reasons as (select contract, file_id, sum(rows_count) as rows_count from bronze.exclusions group by all)
        select sum(rows_excluded), sum(reasons.rows_count), count(*) filter (where rows_excluded <> coalesce(rows_count, 0))
        from bronze.row_ledger left join reasons using (contract, file_id)
        """,
    )
    detail = f"{excluded:,} rows left out by mappings, {reasons:,} with a reason; {wrong} files out of balance"
    yield Finding("every row left out has a reason", wrong == 0, detail)


def _quarantine(warehouse: Warehouse) -> Iterator[Finding]:
    """Refused rows wait there as often as the row ledger says, malformed records as often as the file ledger says."""
    refused, waiting, wrong = _counts(
        warehouse,
        f"""
>>>>>>> Stashed changes
        with kept as (
            select contract, file_id, count(*) as rows_kept from bronze.quarantine where contract <> '{MALFORMED}' group by all
        )
        select sum(rows_quarantined), sum(rows_kept),
            count(*) filter (where coalesce(rows_kept, 0) <> coalesce(rows_quarantined, 0))
        from bronze.row_ledger full join kept using (contract, file_id)
        """,
    )
    detail = f"{refused:,} rows by the ledger, {waiting:,} in the quarantine; {wrong} files out of balance"
    yield Finding("quarantine holds every refused row", wrong == 0, detail)
    rejected, waiting, wrong = _counts(
        warehouse,
        f"""
        with files as (select file_id, sum(rows_rejected) as rows_rejected from bronze.file_ledger group by all),
        kept as (select file_id, count(*) as rows_kept from bronze.quarantine where contract = '{MALFORMED}' group by all)
        select sum(rows_rejected), sum(rows_kept),
            count(*) filter (where coalesce(rows_kept, 0) <> coalesce(rows_rejected, 0))
        from files full join kept using (file_id)
        """,
    )
    detail = f"{rejected:,} records by the ledger, {waiting:,} in the quarantine; {wrong} files out of balance"
    yield Finding("quarantine holds every malformed record", wrong == 0, detail)


def _stored_rows(warehouse: Warehouse) -> Iterator[Finding]:
    """Bronze holds, file by file, the rows the ledger loaded.

    Of events that share one identity only one is stored, so in a home with such conflicts a file may hold fewer.
    """
    conflicts = bool(warehouse.value(f"select count(*) from bronze.notices where notice like '{_CONFLICT}'"))
    for name in SOURCES:
<<<<<<< Updated upstream
        row = warehouse.connection.execute(
            "select coalesce(sum(rows_loaded), 0), coalesce(sum(rows_updated), 0) from bronze.row_ledger where contract = $1",
            [name],
        ).fetchone() or (0, 0)
        stored = warehouse.count(f"bronze.{name}")
        loaded, updated = int(row[0]), int(row[1])
        holds = loaded <= stored <= loaded + updated if name == "events" else stored == loaded + updated
        if stored or loaded or updated:
            detail = f"{stored:,} stored; ledger: {loaded:,} loaded, {updated:,} updated"
            yield Finding(f"bronze.{name} holds what the ledger says", holds, detail)


def _publication(warehouse: Warehouse, home: Path) -> Iterator[Finding]:
    version = current_version(home)
    if version is None:
        yield Finding("published pointer resolves", holds=True, detail="nothing is published yet")
        return
    if not (version / "manifest.json").is_file():
        yield Finding("published pointer resolves", holds=False, detail=f"{version} has no manifest; run again")
        return
    yield Finding("published pointer resolves", holds=True, detail=str(version))
    manifest = read_manifest(version)
    wrong = []
    for name, facts in manifest["files"].items():
        path = version / name
        if not path.is_file():
            wrong.append(f"{name} is missing")
        elif path.stat().st_size != facts["bytes"] or _sha256(path) != facts["sha256"]:
            wrong.append(f"{name} is not what the manifest says")
        elif path.suffix == ".parquet" and pq.ParquetFile(path).metadata.num_rows != facts["rows"]:
            wrong.append(f"{name} does not hold {facts['rows']} rows")
    present = {path.relative_to(version).as_posix() for path in version.rglob("*") if path.is_file()}
    wrong += [f"{name} is not in the manifest" for name in sorted(present - set(manifest["files"]) - {"manifest.json"})]
    detail = "; ".join(wrong) or f"{len(manifest['files'])} files, bytes, SHA-256 and rows as in the manifest"
    yield Finding("published files are what the manifest says", not wrong, detail)
    left = [path.name for path in (home / "published").glob(".writing-*")]
    yield Finding("no half-written version lies about", not left, ", ".join(left) or "none")
    yield _published_totals(warehouse, version)


def _published_totals(warehouse: Warehouse, version: Path) -> Finding:
    path = version / "tables" / "report.revenue_month.parquet"
    statement = "select sum(net_amount), sum(orders_count) from {} where population = 'all'"
    published = warehouse.connection.execute(statement.format(f"read_parquet('{path}')")).fetchone()
    columns = "sum(gross_amount - discount_amount - returned_amount - refund_amount - unpaid_amount)"
    own = warehouse.connection.execute(
        f"select {columns} from (select gross_amount, discount_amount, returned_amount, "
        "case when is_paid then refund_amount else 0 end as refund_amount, "
        "case when is_paid then 0 else paid_amount end as unpaid_amount from core.order_items)"
    ).fetchone()
    net, again = (published or (None,))[0], (own or (None,))[0]
    return Finding("published net revenue equals core", net == again, f"published {net}, from core.order_items {again}")


def _totals(warehouse: Warehouse) -> dict[str, tuple]:
    """Return contract -> (rows, sum of its amount) of bronze."""
    totals = {}
    for name in SOURCES:
        amount = _AMOUNTS.get(name, "0")
        totals[name] = warehouse.connection.execute(f"select count(*), sum({amount}) from bronze.{name}").fetchone()
    return totals


def _file_ids(warehouse: Warehouse) -> dict[str, str]:
    return dict(warehouse.connection.execute("select file_id, file_name from bronze.file_ledger").fetchall())


def _recomputed(
    home: Path, settings: Settings, shop: dict[str, str | None], totals: dict[str, tuple], files: dict[str, str]
) -> Finding:
    """Take the landing files in anew, in a throw-away home, and compare rows and amounts."""
    name = "totals recomputed from the landing files"
    sources = Path(settings.sources or shop["sources"] or home / "landing")
    if not sources.is_dir() or shop["mapping"] is None:
        return Finding(name, holds=True, detail=f"not checked: {sources} is gone; keep landing files to be able to")
    mappings = load_mapping_set(shop["mapping_folder"] or shop["mapping"])
    scratch = Path(tempfile.mkdtemp(prefix="trellis-doctor-", dir=home))
    try:
        ingest(
            scratch,
            sources,
            mappings,
            received_at=datetime.now(UTC).replace(tzinfo=None),
            time_zone=str(shop["time_zone"]),
            base_currency=str(shop["currency"]),
            memory_limit=settings.memory_limit,
        )
        with open_warehouse(scratch, memory_limit=settings.memory_limit) as again:
            fresh, found = _totals(again), _file_ids(again)
    except IngestError as error:
        return Finding(name, holds=True, detail=f"not checked: {error}")
    finally:
        shutil.rmtree(scratch)
    gone = sorted(name for file_id, name in files.items() if file_id not in found)
    if gone:
        return Finding(name, holds=True, detail=f"not checked: {len(gone)} loaded files are gone, such as {gone[0]}")
    apart = [
        f"{table}: stored {totals[table]}, from the files {fresh[table]}"
        for table in totals
        if totals[table] != fresh[table]
    ]
    detail = "; ".join(apart) or ", ".join(f"{table} {row[0]:,} rows" for table, row in fresh.items() if row[0])
    return Finding(name, not apart, detail)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
=======
        rows, loaded, updated, wrong = _counts(
            warehouse,
            f"""
            with kept as (select file_id, count(*) as rows_kept from bronze.{name} group by all),
            ledger as (select file_id, rows_loaded, rows_updated from bronze.row_ledger where contract = $1)
            select sum(rows_kept), sum(rows_loaded), sum(rows_updated), count(*) filter (
                where coalesce(rows_kept, 0) > coalesce(rows_loaded + rows_updated, 0)
                    or coalesce(rows_kept, 0) < coalesce(rows_loaded + rows_updated, 0) and $2 = 'exact'
            )
            from kept full join ledger using (file_id)
            """,
            [name, "conflicts" if name == "events" and conflicts else "exact"],
        )
        if rows or loaded or updated:
            detail = f"{rows:,} stored; ledger: {loaded:,} loaded, {updated:,} updated; {wrong} files out of balance"
            yield Finding(f"bronze.{name} holds what the ledger says", wrong == 0, detail)
>>>>>>> Stashed changes
