"""From landing files to bronze: find files, stage them, map, check against the contract, account for every row.

Reading single files belongs to `assets/landing/`; what is expected of rows to `contracts/sources.py`.
"""

from assets.ingest.load import IngestError, IngestSummary, ingest
from assets.ingest.replay import (
    QuarantineCount,
    QuarantinedRow,
    ReplayPlan,
    forget_quarantined,
    quarantine_counts,
    quarantined_rows,
)
from assets.ingest.row_ledger import LedgerError

__all__ = [
    "IngestError",
    "IngestSummary",
    "LedgerError",
    "QuarantineCount",
    "QuarantinedRow",
    "ReplayPlan",
    "forget_quarantined",
    "ingest",
    "quarantine_counts",
    "quarantined_rows",
]
