"""From landing files to bronze: find files, stage them, map, check against the contract, account for every row.

Reading single files belongs to `assets/landing/`; what is expected of rows to `contracts/sources.py`.
"""

from assets.ingest.load import IngestError, IngestSummary, ingest

__all__ = ["IngestError", "IngestSummary", "ingest"]
