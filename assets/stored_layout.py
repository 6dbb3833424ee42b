"""Which columns the declared tables have in the warehouse: bronze from the source contracts, ledgers and scores from outputs.

Tables made by SQL are not declared; the warehouse takes their columns from the query.
"""

import hashlib
from functools import cache

from assets.landing.engine import Connection
from assets.warehouse_errors import TableShapeError
from contracts.columns import COLUMNS
from contracts.contract import SourceContract
from contracts.outputs import TABLES
from contracts.sources import PROVENANCE, SOURCES
from sql.queries import LAYERS


def stored_columns(contract: SourceContract) -> tuple[str, ...]:
    """Return the columns of a contract's bronze table: its own (keys instead of ids for events), dates, provenance."""
    replaced = {"user_id", "anonymous_id", "target_user_id", "product_id"} if contract.name == "events" else set()
    own = [column for column in contract.columns if column not in replaced]
    keys = [key for _, key in contract.keyed] if replaced else []
    return (*own, *keys, *(date_column for _, date_column in contract.dates), *PROVENANCE)


ALMOST_UNIQUE = frozenset({"event_id", "session_id", "order_id", "feedback_id", "row_hash"})
"""Texts in which the engine looks for a dictionary in vain: told to use zstd it stores them in a third of the time."""


def columns_sql(columns: tuple[str, ...]) -> str:
    """Return `name type, ...` for a CREATE TABLE, from the dictionary."""
    return ", ".join(
        f'"{name}" {COLUMNS[name].type}{" using compression zstd" if name in ALMOST_UNIQUE else ""}' for name in columns
    )


def declared_layout() -> dict[str, tuple[str, ...]]:
    """Return table -> columns of every table that is declared in `contracts/` rather than made by SQL."""
    bronze = {f"bronze.{contract.name}": stored_columns(contract) for contract in SOURCES.values()}
    return bronze | {table.name: table.columns for table in TABLES.values()}


_OF_INCREMENTAL_TABLES = (
    "create table if not exists bronze.table_state (table_name varchar primary key, version varchar)",
    "create table if not exists bronze.touched_dates (table_name varchar, contract varchar, touched_date date)",
)
"""Which version of an incremental table is built, and which dates of which contract ingest has touched since."""


@cache
def _layout_version() -> str:
    return hashlib.sha256(f"{sorted(declared_layout().items())} {_OF_INCREMENTAL_TABLES}".encode()).hexdigest()


def create_layout(connection: Connection) -> None:
    """Create what is missing of schemas, bronze, ledger and score tables; nothing to do where this layout stands already.

    Raises:
        TableShapeError: a stored table has a column that its contract no longer knows.
    """
    run, version = connection.execute, _layout_version()
    known = "select count(*) from duckdb_tables() where schema_name = 'bronze' and table_name = 'home'"
    if run(known).fetchall()[0][0]:
        stored = run("select value from bronze.home where setting = 'layout'").fetchall()
        if stored and stored[0][0] == version:
            return
    run("begin transaction")  # one commit, hence one wait for the disk
    try:
        for layer in LAYERS:
            run(f"create schema if not exists {layer}")
        for table, columns in declared_layout().items():
            _declare(connection, table, columns)
        _forget_older_state(connection)
        for statement in _OF_INCREMENTAL_TABLES:
            run(statement)
        run("delete from bronze.home where setting = 'layout'")
        run("insert into bronze.home values ('layout', $1)", [version])
    except BaseException:
        run("rollback")
        raise
    run("commit")


def _forget_older_state(connection: Connection) -> None:
    """Drop what an earlier version noted of touched dates, and with it which tables are built: they are built anew once."""
    older = "select count(*) from duckdb_columns() where table_name = 'touched_dates' and column_name = 'activity_date'"
    if connection.execute(older).fetchall()[0][0]:
        connection.execute("drop table bronze.touched_dates; drop table bronze.table_state")


def _declare(connection: Connection, table: str, columns: tuple[str, ...]) -> None:
    """Create a declared table, or add the columns its contract has got since it was created."""
    run = connection.execute
    run(f"create table if not exists {table} ({columns_sql(columns)})")
    stored = [row[0] for row in run(f"describe {table}").fetchall()]
    if stored == list(columns):
        return
    if strange := sorted(set(stored) - set(columns)):
        message = (
            f"{table}: was stored by another version with {', '.join(strange)}, which its contract does not know; use a new "
            "--home and run on the landing files again"
        )
        raise TableShapeError(message)
    run(f"create table {table}__new ({columns_sql(columns)})")
    run(f"insert into {table}__new by name select * from {table}")
    run(f"drop table {table}")
    run(f"alter table {table}__new rename to {table.split('.')[1]}")
