"""What `trellis doctor` says of one promise. How it is found out stands in `doctor.py`, `recount.py`, `publication_proof.py`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One promise, whether it holds, and the figures that show it; `holds` with "not checked" says why it could not be."""

    name: str
    holds: bool
    detail: str
