"""`trellis doctor`: proves that nothing was lost between landing files and publication.

Every finding is computed anew from what lies on disk; nothing here repairs anything. Ledgers and stored rows are proved
here, totals from the landing files in `recount.py`, versions in `publication_proof.py`.
"""

from collections.abc import Iterator
from pathlib import Path

from assets.finding import Finding
from assets.ingest.staging import MALFORMED
from assets.publication_proof import prove_publication
from assets.recount import recount, stored_totals
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
        findings = [*_ledgers(warehouse), *_quarantine(warehouse), *_stored_rows(warehouse)]
        findings += prove_publication(warehouse, home)
        totals = stored_totals(warehouse)
    return [*findings, recount(home, settings, totals)]


def _counts(warehouse: Warehouse, statement: str, parameters: list[str] | None = None) -> list[int]:
    row = warehouse.connection.execute(statement, parameters or []).fetchone() or ()
    return [int(value or 0) for value in row]


def _ledgers(warehouse: Warehouse) -> Iterator[Finding]:
    files, records, staged, rejected, wrong = _counts(
        warehouse,
        """
        select count(*), sum(records_counted), sum(rows_staged), sum(rows_rejected),
            count(*) filter (where records_counted <> rows_staged + rows_rejected)
        from bronze.file_ledger
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
