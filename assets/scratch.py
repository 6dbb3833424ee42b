"""A throw-away catalogue beside the warehouse, where past origins are built by the same SQL files.

What is built there for training stands in `assets/origins.py`.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from assets.warehouse import Warehouse


class ScratchWarehouse(Warehouse):
    """A warehouse whose tables are made by the caller; wrapping it creates nothing."""

    def __init__(self, warehouse: Warehouse) -> None:
        """Share the connection of a warehouse that already uses the scratch catalogue."""
        super().__init__(warehouse.connection, memory_limit=warehouse.memory_limit)


@contextmanager
def open_scratch(
    warehouse: Warehouse, *, users_at_most: int, copied: Collection[str] = ()
) -> Iterator[ScratchWarehouse]:
    """Yield a throw-away warehouse whose core tables are views of the given one, cut to a stable sample of users.

    Tables named in `copied` (such as core.user_day) are read many times: of a sample their rows are copied once into memory,
    instead of the whole shop's rows being read each time. Stored snapshots stay what was known then, because nothing is
    written to them. The sample takes the users with the smallest MD5 of their id: the same users at every origin and in every
    run.
    """
    main = str(warehouse.value("select current_database()"))
    run = warehouse.connection.execute
    run("attach ':memory:' as scratch")
    try:
        for layer in ("bronze", "core", "feature", "label"):
            run(f"create schema scratch.{layer}")
        is_cut = warehouse.count("core.users") > users_at_most
        sampled = f"where md5(user_id) <= '{_sample_bound(warehouse, users_at_most)}'" if is_cut else ""
        run(f"create table scratch.core.sampled_users as select user_id, user_key from core.users {sampled}")
        tables = "select table_name from information_schema.tables where table_catalog = $1 and table_schema = 'core'"
        for (name,) in run(tables, [main]).fetchall():
            columns = {row[0] for row in run(f"describe core.{name}").fetchall()}
            key = next((key for key in ("user_id", "user_key") if key in columns), None)
            within = f" where {key} in (select {key} from scratch.core.sampled_users)" if is_cut and key else ""
            kind = "table" if within and f"core.{name}" in copied else "view"
            run(f"create {kind} scratch.core.{name} as select * from {main}.core.{name}{within}")
        run(f"create view scratch.bronze.user_keys as select * from {main}.bronze.user_keys")
        run("use scratch")
        yield ScratchWarehouse(warehouse)
    finally:
        run(f"use {main}")
        run("detach scratch")


def _sample_bound(warehouse: Warehouse, users_at_most: int) -> str:
    """Return the MD5 of the last user of the sample."""
    bound = f"select md5(user_id) from core.users order by md5(user_id) limit 1 offset {users_at_most - 1}"
    return str(warehouse.value(bound))
