"""Landing files into throw-away staging, with an exact ledger of records: counted = staged + rejected.

Belongs here: formats, encodings, compression, cutting records, rejecting the ones that cannot be read. Does not belong
here: what columns mean, mappings, quarantine, the warehouse.
"""

from assets.landing.compression import content_hash
from assets.landing.ledger import (
    LedgerImbalanceError,
    ReadOptions,
    Reject,
    StagedFile,
    UnreadableFileError,
)
from assets.landing.raw_records import raw_records
from assets.landing.staged import stage_file

__all__ = [
    "LedgerImbalanceError",
    "ReadOptions",
    "Reject",
    "StagedFile",
    "UnreadableFileError",
    "content_hash",
    "raw_records",
    "stage_file",
]
