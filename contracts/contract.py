"""The vocabulary in which contracts are written: columns, rules, table contracts.

Only data about data belongs here. How a contract is applied to rows lives in `assets/ingest/`; what the
single columns mean lives in `contracts/columns/`.
"""

from dataclasses import dataclass
from typing import Literal

type_names = ("VARCHAR", "BOOLEAN", "INTEGER", "BIGINT", "DOUBLE", "DATE", "TIMESTAMP", "DECIMAL(18,4)", "VARCHAR[]")

Privacy = Literal["none", "pseudonymous", "quasi", "sensitive", "free_text"]
"""Privacy class of a column. Direct identifiers (name, phone, email, address) have no class: they are never columns."""


@dataclass(frozen=True)
class Column:
    """What one column name means, everywhere it stands.

    `type` is the DuckDB type. `known_at` names the column of the same row that says when this value was filled in, if
    that is later than the row's own event time: point-in-time features must read it as null before then.
    `changes` marks a value that may be overwritten without a date (a status): it is never a feature.
    """

    name: str
    type: str
    description: str
    unit: str | None = None
    privacy: Privacy = "none"
    known_at: str | None = None
    changes: bool = False


@dataclass(frozen=True)
class Rule:
    """A statement that must hold for every accepted row.

    `holds` is an SQL boolean over the typed columns of the row (null counts as held); `reason` is written to the
    quarantine when it does not hold. `$received_at` may be used.
    """

    name: str
    holds: str
    reason: str


@dataclass(frozen=True)
class SourceContract:
    """What may come in under one name, and how its rows are told apart.

    `key` identifies a row; `event_time` is the column whose business date orders the table in time (null for tables
    without one); `dates` maps each time column to the business-date column derived from it; `history` names the
    column that separates versions of one key which are all kept; `version` is written to the ledger, and a new one
    makes files load again.
    """

    name: str
    description: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    required: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    event_time: str | None = None
    dates: tuple[tuple[str, str], ...] = ()
    keyed: tuple[tuple[str, str], ...] = ()
    version: int = 1

    @property
    def is_versioned(self) -> bool:
        """Whether a re-sent key replaces the earlier row (everything but events)."""
        return "updated_at" in self.columns


@dataclass(frozen=True)
class TableContract:
    """A table that Python writes or that is published: its grain and columns, in order."""

    name: str
    description: str
    grain: tuple[str, ...]
    columns: tuple[str, ...]
    nullable: tuple[str, ...] = ()
