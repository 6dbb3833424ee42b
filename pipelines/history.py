"""Makes Dagster's SQLite history quick: no disk flush per event. Where the history lies is said in `pipelines/settings.py`.

A run stores some six hundred events, each in a connection of its own. A flush per commit and a checkpoint per closed
connection took 66 of the 120 seconds of a small run on a busy disk.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event


@contextmanager
def quick_history() -> Iterator[None]:
    """Let SQLite connections opened inside flush when the log is folded into the file, not at every commit.

    In WAL mode that is safe: a killed process loses nothing, a power cut at most the newest events, and never the file.
    One more connection per file is held open until the end, because SQLite folds the log in when the last one closes.
    """
    held: dict[str, sqlite3.Connection] = {}

    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("pragma synchronous = normal")
        path = next((row[2] for row in connection.execute("pragma database_list") if row[1] == "main"), "")
        if path and path not in held:
            held[path] = sqlite3.connect(path, check_same_thread=False)
        if path and connection.execute("pragma journal_mode").fetchone() == ("wal",):
            held[path].execute("select count(*) from sqlite_master").fetchone()

    event.listen(Engine, "connect", on_connect)
    try:
        yield
    finally:
        event.remove(Engine, "connect", on_connect)
        for connection in held.values():
            connection.close()
