"""Dagster's run history in SQLite, written through connections that stay open for the length of a job.

The files are those that `dagster dev` reads with its own classes; where they lie is said in `pipelines/settings.py`. What is
logged belongs to Dagster and to `pipelines/launch.py`.

A small run stores some six hundred events and asks as often what is stored. Dagster makes an engine and a connection for each:
statements compiled anew, a flush per commit and a checkpoint per closed connection took eight of a small run's fifty CPU
seconds, and on a busy disk half of its time.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage, SqliteStorageConfig
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

_BUSY_TIMEOUT_S = 20
"""How long a write waits for another process, such as `dagster dev`, that writes to the same file."""


def _open(connection_string: str) -> Engine:
    """Return an engine of one connection, which waits for the disk when the log is folded into the file, not at every commit.

    In WAL mode that is safe: a killed process loses nothing, a power cut at most the newest events, and never the file.
    """
    options = {"timeout": _BUSY_TIMEOUT_S, "check_same_thread": False}
    engine = create_engine(connection_string, poolclass=StaticPool, connect_args=options)
    event.listen(engine, "connect", lambda opened, _record: opened.execute("pragma synchronous = normal"))
    return engine


class HeldEvents(SqliteEventLogStorage):
    """Dagster's events, each of its files opened once."""

    def __init__(self, base_dir: str) -> None:
        """Read and write the files of `base_dir`."""
        self._engines: dict[str, Engine] = {}
        self._tables_found: set[str] = set()
        super().__init__(base_dir)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engines.get(shard)
            if engine is None:
                engine = self._engines[shard] = _open(self.conn_string_for_shard(shard))
                self._initdb(engine)
            with engine.connect() as connection, connection.begin():
                yield connection

    def has_table(self, table_name: str) -> bool:
        """Return whether the index has a table; what was there once is not asked for again."""
        if table_name in self._tables_found or super().has_table(table_name):
            self._tables_found.add(table_name)
            return True
        return False

    def dispose(self) -> None:
        """Close the files."""
        super().dispose()
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()


class HeldRuns(SqliteRunStorage):
    """Dagster's list of runs, its file opened once."""

    _engine: Engine | None = None

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Yield the connection within a transaction."""
        engine = self._engine = self._engine or _open(self._conn_string)
        with engine.connect() as connection, connection.begin():
            yield connection

    def dispose(self) -> None:
        """Close the file."""
        super().dispose()
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None


class HeldHistory(DagsterSqliteStorage):
    """Dagster's SQLite storage with the two classes above in place of its own."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Read and write the history below `base_dir`."""
        super().__init__(base_dir, inst_data)
        self._run_storage = HeldRuns.from_local(os.path.join(base_dir, "history"))  # noqa: PTH118 Dagster's type
        self._event_log_storage = HeldEvents(os.path.join(base_dir, "history", "runs", ""))  # noqa: PTH118 Dagster's type

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: SqliteStorageConfig) -> "HeldHistory":
        """Return the storage for Dagster's configuration."""
        return cls.from_local(inst_data=inst_data, **config_value)


def instance_with_held_history() -> dg.DagsterInstance:
    """Return the instance of `DAGSTER_HOME`, its history held open; use it as a context, which closes the history.

    Raises:
        KeyError: `DAGSTER_HOME` is not set (`pipelines.settings.write_dagster_home` does it).
    """
    base = os.environ["DAGSTER_HOME"]
    storage = {"module": __name__, "class": HeldHistory.__name__, "config": {"base_dir": base}}
    return dg.DagsterInstance.local_temp(base, overrides={"storage": {"custom": storage}})
