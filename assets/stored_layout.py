"""Which columns the declared tables have in the warehouse: bronze from the source contracts, ledgers and scores from outputs.

Tables made by SQL are not declared; the warehouse takes their columns from the query.
"""

from contracts.columns import COLUMNS
from contracts.contract import SourceContract
from contracts.outputs import TABLES
from contracts.sources import PROVENANCE, SOURCES


def stored_columns(contract: SourceContract) -> tuple[str, ...]:
    """Return the columns of a contract's bronze table: its own (keys instead of ids for events), dates, provenance."""
    replaced = {"user_id", "anonymous_id", "target_user_id", "product_id"} if contract.name == "events" else set()
    own = [column for column in contract.columns if column not in replaced]
    keys = [key for _, key in contract.keyed] if replaced else []
    return (*own, *keys, *(date_column for _, date_column in contract.dates), *PROVENANCE)


_ALMOST_UNIQUE = frozenset({"event_id", "session_id"})
"""Texts in which the engine looks for a dictionary in vain: told to use zstd it stores them in a third of the time."""


def columns_sql(columns: tuple[str, ...]) -> str:
    """Return `name type, ...` for a CREATE TABLE, from the dictionary."""
    return ", ".join(
        f'"{name}" {COLUMNS[name].type}{" using compression zstd" if name in _ALMOST_UNIQUE else ""}'
        for name in columns
    )


def declared_layout() -> dict[str, tuple[str, ...]]:
    """Return table -> columns of every table that is declared in `contracts/` rather than made by SQL."""
    bronze = {f"bronze.{contract.name}": stored_columns(contract) for contract in SOURCES.values()}
    return bronze | {table.name: table.columns for table in TABLES.values()}
