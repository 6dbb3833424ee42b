"""The one writer of the warehouse: opens the DuckDB file, builds tables from SQL files, writes frames of models.

Reading landing files belongs to `assets/landing/` and `assets/ingest/`; what tables mean to `contracts/` and `sql/`.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd

from assets.stale_dates import stale_ranges
from assets.stored_layout import create_layout
from assets.table_builds import BuildResult, Parameters, build_table
from assets.warehouse_errors import QueryRefusedError, TableShapeError, WarehouseLockedError
from contracts.columns import COLUMNS
from contracts.contract import TableContract
from sql.queries import Query

DEFAULT_MEMORY_LIMIT = "2500MB"
WAREHOUSE_FILE = "warehouse.duckdb"
HELD_AT_MOST_BYTES = 256 * 2**20
_AT_REST = "256MB"
_HOLDER = re.compile(r"PID (\d+)")
_ENGINE_OPTIONS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "preserve_insertion_order": "false",
}


class Warehouse:
    """An open warehouse. Use `open_warehouse`; all times in it are UTC, all business dates in its time zone."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, memory_limit: str = DEFAULT_MEMORY_LIMIT) -> None:
        """Wrap an open connection, with that memory limit, to a file that has its layout (`open_warehouse` sees to it)."""
        self.connection = connection
        self.memory_limit = memory_limit

    def free_memory(self) -> None:
        """Give the engine's pages back to the system before work outside the engine that needs the memory.

        They stay allocated otherwise: after one pass over 10 million events 1,088 MiB are resident, then 139.
        """
        try:
            self.connection.execute(f"set memory_limit = '{_AT_REST}'")
        except duckdb.OutOfMemoryException:
            return  # more than that is in use, by temporary tables that cannot be spilled: it stays
        self.connection.execute(f"set memory_limit = '{self.memory_limit}'")

    def frame(self, statement: str, parameters: Parameters | None = None) -> pd.DataFrame:
        """Return the rows of a SELECT as a frame."""
        return self.connection.execute(statement, parameters or {}).df()

    def value(self, statement: str, parameters: Parameters | None = None) -> object:
        """Return the first column of the first row of a SELECT, or None when there is no row."""
        # fetchall ends the result; after fetchone the connection stays busy and refuses to register a frame
        rows = self.connection.execute(statement, parameters or {}).fetchall()
        return rows[0][0] if rows else None

    def exists(self, table: str) -> bool:
        """Return whether `layer.table` has been built."""
        layer, name = table.split(".")
        found = self.value(
            f"select count(*) from duckdb_tables() where schema_name = '{layer}' and table_name = '{name}'"
        )
        return bool(found)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done inside, or roll all of it back when it raises."""
        self.connection.execute("begin transaction")
        try:
            yield
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.connection.execute("commit")

    def typed_select(self, query: Query, parameters: Parameters) -> str:
        """Return a SELECT of the query's columns, each cast to its type in the dictionary.

        Raises:
            TableShapeError: the query yields a column that the dictionary does not know.
        """
        used = {name: value for name, value in parameters.items() if name in query.parameters}
        described = self.connection.execute(f"describe {query.sql}", used).fetchall()
        casts = []
        for name, found, *_ in described:
            if name not in COLUMNS:
                message = (
                    f"{query.table}: column {name!r} is not in the dictionary; add it to contracts/columns/ with type, unit "
                    "and meaning"
                )
                raise TableShapeError(message)
            wanted = COLUMNS[name].type
            casts.append(f'"{name}"' if found == wanted else f'cast("{name}" as {wanted}) as "{name}"')
        return f"select {', '.join(casts)} from ({query.sql})"

    def build(self, query: Query, parameters: Parameters) -> BuildResult:
        """Build or refresh one SQL table: full tables aside and swapped, snapshots and date ranges replaced.

        Raises:
            TableShapeError: unknown column, or duplicate rows of the grain.
        """
        return build_table(self, query, parameters)

    def stale_ranges(self, query: Query) -> list[tuple[date, date]]:
        """Return the date ranges [from, until) of a built incremental table that ingest has touched since."""
        return stale_ranges(self.connection, query)

    def distrust(self, query: Query) -> None:
        """Have all dates of a table built and checked by the next run, because a check of some failed."""
        self.connection.execute("delete from bronze.table_state where table_name = $1", [query.table])

    def write_frame(self, table: TableContract, frame: pd.DataFrame, *, as_of: date | None = None) -> BuildResult:
        """Replace a Python-written table (or its snapshot of one as_of) with the rows of a frame.

        Raises:
            TableShapeError: missing or additional columns, a null where the contract allows none, a repeated grain.
        """
        missing, extra = set(table.columns) - set(frame.columns), set(frame.columns) - set(table.columns)
        if missing or extra:
            message = f"{table.name}: the frame lacks {sorted(missing)} and has {sorted(extra)} besides its contract"
            raise TableShapeError(message)
        nulls = frame[[name for name in table.columns if name not in table.nullable]].isna().sum()
        if nulls.any():
            message = f"{table.name}: null in {nulls[nulls > 0].to_dict()} (column: rows); the contract allows none"
            raise TableShapeError(message)
        repeated = int(frame.duplicated(list(table.grain)).sum())
        if repeated:
            message = f"{table.name}: {repeated} rows repeat the grain ({', '.join(table.grain)})"
            raise TableShapeError(message)
        casts = ", ".join(f'cast("{name}" as {COLUMNS[name].type}) as "{name}"' for name in table.columns)
        self.connection.register("incoming_frame", frame)
        with self.transaction():
            if as_of is None:
                self.connection.execute(f"delete from {table.name}")
            else:
                self.connection.execute(f"delete from {table.name} where as_of = $as_of", {"as_of": as_of})
            self.connection.execute(f"insert into {table.name} select {casts} from incoming_frame")
        self.connection.unregister("incoming_frame")
        return BuildResult(table.name, len(frame), "whole table" if as_of is None else f"as_of {as_of}")

    def newest_business_date(self) -> date | None:
        """Return the newest business date of an accepted event or order, or None when there is neither."""
        newest = "select max(day) from (select max(activity_date) as day from bronze.events union all {})"
        found = self.value(newest.format("select max(ordered_date) from bronze.orders"))
        return found if isinstance(found, date) else None

    def oldest_order_date(self) -> date | None:
        """Return the oldest business date of an order, or None when there is none."""
        found = self.value("select min(ordered_date) from core.orders where user_id is not null")
        return found if isinstance(found, date) else None

    def count(self, table: str) -> int:
        """Return the number of rows of a table."""
        return int(str(self.value(f"select count(*) from {table}")))

    def holds_rows(self, table: str) -> bool:
        """Return whether a table or view has any row."""
        return self.value(f"select 1 from {table} limit 1") is not None

    def export(self, select: str, path: Path, parameters: Parameters | None = None) -> int:
        """Write the rows of a SELECT to a Parquet or CSV file (by its suffix) and return their number."""
        options = "format parquet, compression zstd" if path.suffix == ".parquet" else "format csv, header true"
        self.connection.execute("set preserve_insertion_order = true")
        rows = self.value(f"copy ({select}) to {quoted(path)} ({options})", parameters)
        self.connection.execute("set preserve_insertion_order = false")
        return int(str(rows))

    def remember(self, setting: str, value: str) -> None:
        """Store a fact about this home."""
        self.connection.execute("delete from bronze.home where setting = $1", [setting])
        self.connection.execute("insert into bronze.home values ($1, $2)", [setting, value])

    def recall(self, setting: str) -> str | None:
        """Return a fact about this home, or None if it was never stored."""
        rows = self.connection.execute("select value from bronze.home where setting = $1", [setting]).fetchall()
        return rows[0][0] if rows else None


def quoted(path: Path) -> str:
    """Return a path as an SQL text, for the places where DuckDB takes no parameter."""
    return "'" + str(path).replace("'", "''") + "'"


def _locked(path: Path, error: duckdb.IOException) -> Exception:
    """Return what to raise for a file that cannot be opened: a plain word when another process holds it."""
    if "lock" not in str(error):
        return error
    holder = _HOLDER.search(str(error))
    who = f"process {holder[1]}" if holder else "another process"
    return WarehouseLockedError(
        f"{path}: {who} holds the warehouse (a run, or `trellis sql`); wait for it to end, then run again"
    )


def _connect(path: Path | str, memory_limit: str, temp_directory: Path | None) -> duckdb.DuckDBPyConnection:
    options: dict[str, str | bool | int | float | list[str]] = {**_ENGINE_OPTIONS, "memory_limit": memory_limit}
    if temp_directory is not None:
        temp_directory.mkdir(parents=True, exist_ok=True)
        options["temp_directory"] = str(temp_directory)
    try:
        connection = duckdb.connect(str(path), config=options)
    except duckdb.IOException as error:
        raise _locked(Path(path), error) from error
    connection.execute("set TimeZone = 'UTC'")
    return connection


def _connect_home(home: Path, memory_limit: str) -> duckdb.DuckDBPyConnection:
    """Open the file of a home for writing and create what is missing of its layout."""
    home.mkdir(parents=True, exist_ok=True)
    connection = _connect(home / WAREHOUSE_FILE, memory_limit, home / "tmp")
    try:
        create_layout(connection)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def open_warehouse(home: Path, *, memory_limit: str = DEFAULT_MEMORY_LIMIT) -> Iterator[Warehouse]:
    """Open `<home>/warehouse.duckdb` for writing; checkpoint and close it afterwards.

    Raises:
        WarehouseLockedError: another process holds the file.
        TableShapeError: a stored table has a column that its contract no longer knows.
    """
    connection = _connect_home(home, memory_limit)
    try:
        yield Warehouse(connection, memory_limit=memory_limit)
        connection.execute("checkpoint")
    finally:
        connection.close()


class HeldWarehouse:
    """A warehouse of one home that stays open from use to use while it is small: opening costs more than most tables do.

    One use at a time. A large file is closed after each use, so that its pages do not stay in memory beside a training.
    """

    def __init__(self, home: Path, *, memory_limit: str = DEFAULT_MEMORY_LIMIT) -> None:
        """Remember what to open; nothing is opened before the first use."""
        self._home, self._memory_limit = home, memory_limit
        self._engine: duckdb.DuckDBPyConnection | None = None

    @contextmanager
    def use(self) -> Iterator[Warehouse]:
        """Yield the warehouse on a connection of its own; after an exception the file is closed, and opened anew next time.

        Raises:
            WarehouseLockedError: another process holds the file.
        """
        engine = self._engine = self._engine or _connect_home(self._home, self._memory_limit)
        connection = engine.cursor()
        try:
            connection.execute("set TimeZone = 'UTC'")
            yield Warehouse(connection, memory_limit=self._memory_limit)
        except BaseException:
            connection.close()
            self._engine = None
            engine.close()
            raise
        connection.close()
        if (self._home / WAREHOUSE_FILE).stat().st_size > HELD_AT_MOST_BYTES:
            self.let_go()

    def let_go(self) -> None:
        """Checkpoint and close the file if it is open, so that something else of this process can open it."""
        engine, self._engine = self._engine, None
        if engine is not None:
            try:
                engine.execute("checkpoint")
            finally:
                engine.close()


@contextmanager
def open_in_memory() -> Iterator[Warehouse]:
    """Open an empty warehouse in memory: what tests and the binding check build on."""
    connection = _connect(":memory:", DEFAULT_MEMORY_LIMIT, None)
    try:
        create_layout(connection)
        yield Warehouse(connection)
    finally:
        connection.close()


@contextmanager
def open_staging(
    home: Path, time_zone: str, *, memory_limit: str = DEFAULT_MEMORY_LIMIT
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a throw-away staging database with the warehouse attached as `warehouse`.

    Direct identifiers may pass through staging but never reach the warehouse. Times without zone are read in
    `time_zone`. The staging file is removed afterwards.
    """
    with open_warehouse(home, memory_limit=memory_limit):
        pass  # creates what is missing, and says clearly when another process holds the file
    scratch = home / "tmp" / f"staging-{os.getpid()}"
    scratch.mkdir(parents=True, exist_ok=True)
    connection = _connect(scratch / "scratch.duckdb", memory_limit, scratch)
    try:
        connection.execute(f"set TimeZone = '{time_zone}'")
        connection.execute(f"attach {quoted(home / 'warehouse.duckdb')} as warehouse")
        yield connection
    finally:
        connection.close()
        for path in sorted(scratch.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        scratch.rmdir()


def _boxed(text: str) -> str:
    """Return DuckDB's table, and a line that says so where it leaves rows or columns out or cuts values."""
    if " shown)" in text or "…" in text:
        return (
            f"{text}\nRows in the middle, columns or ends of long values are left out above; --csv prints everything."
        )
    return text


def query_text(home: Path, statement: str, *, as_csv: bool = False) -> str:
    """Return the rows of a SELECT on the warehouse as a text table or CSV; the file is opened for reading only.

    Raises:
        FileNotFoundError: nothing was run in this home yet.
        QueryRefusedError: the statement fails, or would write.
    """
    path = home / WAREHOUSE_FILE
    if not path.is_file():
        message = f"{path}: does not exist yet; `trellis run` or `trellis demo` makes it"
        raise FileNotFoundError(message)
    try:
        connection = duckdb.connect(
            str(path), read_only=True, config={**_ENGINE_OPTIONS, "enable_external_access": "false"}
        )
    except duckdb.IOException as error:
        raise _locked(path, error) from error
    with connection:
        try:
            if as_csv:
                return connection.execute(statement).df().to_csv(index=False).rstrip("\n")
            relation = connection.sql(statement)
            return "" if relation is None else _boxed(str(relation).rstrip("\n"))
        except duckdb.Error as error:
            message = f"the statement cannot be run: {error}"
            raise QueryRefusedError(message) from error
