"""What waits in the quarantine, and how it is read again under the present rules: the two halves of `trellis quarantine`.

Reading again is an ordinary `ingest`: here files are only forgotten, so that it takes them for new. Writing to the
quarantine belongs to `assets/ingest/quarantine.py`.
"""

from dataclasses import dataclass
from pathlib import Path

from assets.ingest.discover import find_landing_files
from assets.ingest.plan import DERIVED
from assets.ingest.staging import MALFORMED
from assets.warehouse import Warehouse
from sql.mappings import MappingSet

# reasons that differ by a number alone (the byte, the columns found) are one
_COUNTED = """
    select
        contract, file_id, min(file_name) as file_name,
        if(count(distinct reason) = 1, min(reason), regexp_replace(min(reason), '[0-9]+', '#', 'g')) as reason,
        count(*) as rows_count
    from bronze.quarantine
    group by contract, file_id, regexp_replace(reason, '[0-9]+', '#', 'g')
    order by contract, file_name, file_id, rows_count desc, reason
"""


@dataclass(frozen=True)
class QuarantineCount:
    """How many rows of a file wait under a contract for one reason. `contract` is 'landing' for malformed records.

    Of reasons that differ by a number alone `#` stands for it.
    """

    contract: str
    file_id: str
    file_name: str
    reason: str
    rows_count: int


@dataclass(frozen=True)
class QuarantinedRow:
    """One refused row: where it stands, under which contract and version it was refused, why, and what it said (masked)."""

    contract: str
    contract_version: int
    file_id: str
    file_name: str
    record_number: int | None
    byte_offset: int | None
    reason: str
    raw_text: str | None


@dataclass(frozen=True)
class ReplayPlan:
    """Which (contract, file name) the next ingest reads again, and which cannot be because the file is gone."""

    forgotten: tuple[tuple[str, str], ...]
    gone: tuple[tuple[str, str], ...]


def quarantine_counts(warehouse: Warehouse) -> list[QuarantineCount]:
    """Return the number of refused rows per contract, file and reason, in that order."""
    return [QuarantineCount(*row) for row in warehouse.connection.execute(_COUNTED).fetchall()]


def quarantined_rows(
    warehouse: Warehouse, *, contract: str | None = None, file: str | None = None, limit: int = 100
) -> list[QuarantinedRow]:
    """Return refused rows in file order, at most `limit`; `file` is a file's name or id, None means all."""
    rows = warehouse.connection.execute(
        """
        select contract, contract_version, file_id, file_name, record_number, byte_offset, reason, raw_text
        from bronze.quarantine
        where (contract = $contract or $contract is null) and (file_name = $file or file_id = $file or $file is null)
        order by contract, file_name, file_id, record_number, raw_text
        limit $limit
        """,
        {"contract": contract, "file": file, "limit": limit},
    ).fetchall()
    return [QuarantinedRow(*row) for row in rows]


def forget_quarantined(warehouse: Warehouse, sources: Path, mappings: MappingSet) -> ReplayPlan:
    """Make the next ingest read every file with refused rows again; nothing else changes until then.

    What is read again replaces the rows, the ledger line and the quarantine of the same file in one transaction. A malformed
    record belongs to all contracts that read its file. Files that are no longer below `sources` keep what was loaded of them.
    """
    files, _ = find_landing_files(sources, mappings)
    present = {(name, file.file_id): file.name for name, found in files.items() for file in found}
    forgotten: dict[tuple[str, str], str] = {}
    gone: set[tuple[str, str]] = set()
    for count in quarantine_counts(warehouse):
        for mapping in mappings.mappings.values():
            if count.contract not in (mapping.contract, MALFORMED):
                continue
            if count.contract == MALFORMED and not _reads(warehouse, mapping.primary, count.file_id):
                continue
            key = DERIVED if mapping.is_derived else count.file_id
            if key != DERIVED and (mapping.primary, key) not in present:
                gone.add((mapping.contract, count.file_name))
            else:
                forgotten[mapping.contract, key] = count.file_name
    with warehouse.transaction():
        for contract, file_id in forgotten:
            warehouse.connection.execute(
                "update bronze.row_ledger set fingerprint = '' where contract = $1 and file_id = $2",
                [contract, file_id],
            )
    names = sorted((contract, name) for (contract, _), name in forgotten.items())
    return ReplayPlan(tuple(names), tuple(sorted(gone)))


def _reads(warehouse: Warehouse, table: str, file_id: str) -> bool:
    row = warehouse.connection.execute(
        "select count(*) from bronze.file_ledger where file_id = $1 and landing_table = $2", [file_id, table]
    ).fetchone()
    return bool(row and row[0])
