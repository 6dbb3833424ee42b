"""Tells the readers of a table which of its rows a build has really changed: on which dates, of which users.

An order that is shipped touches its date, but nobody was active otherwise: what reads `core.user_active_day` need not be
built anew. A table headed `-- tells: changes` compares its rows before and after. What readers build of it belongs to
`assets/stale_dates.py` and `assets/table_builds.py`.
"""

from datetime import date

from assets.landing.engine import Connection
from assets.stale_dates import dated_contracts, readers_of
from sql.queries import STALE_USERS, Query


def keep_rows(connection: Connection, query: Query, bounds: dict[str, date]) -> None:
    """Set the rows of the dates [from_date, until_date) aside, before they are replaced."""
    connection.execute(f"create or replace temp table rows_before as {_rows_of(query)}", bounds)


def tell_changes(connection: Connection, query: Query, bounds: dict[str, date]) -> None:
    """Note for the readers the dates and users of rows that were not there before, or are there no longer."""
    run = connection.execute
    signed = f"select *, 1 as balance from ({_rows_of(query)}) union all select *, -1 as balance from rows_before"
    run(
        f"create or replace temp table changed_rows as select * exclude (balance) from ({signed}) as rows group by all "
        "having sum(balance) <> 0",
        bounds,
    )
    run(
        "insert into bronze.touched_dates select table_name, $1, changed_date from bronze.table_state "
        f"cross join (select distinct {query.partition} as changed_date from changed_rows) as dates",
        [query.table],
    )
    for reader in readers_of(query):
        if reader.is_by_user:
            run(
                f"insert into {STALE_USERS} select $1, user_key from (select distinct user_key from changed_rows) as users "
                f"where user_key not in (select user_key from {STALE_USERS} where table_name = $1)",
                [reader.table],
            )


def forget_readers(connection: Connection, query: Query) -> None:
    """Have every reader built anew: the table itself is, and what it held before is not known."""
    names = [reader.table for reader in readers_of(query)]
    connection.execute("delete from bronze.table_state where table_name in (select unnest($1))", [names])


def all_users_are_stale(connection: Connection, query: Query) -> None:
    """Note every user of the tables a table by user is told of."""
    users = " union ".join(f"select user_key from {table}" for table in sorted(dated_contracts(query)))
    connection.execute(f"delete from {STALE_USERS} where table_name = $1", [query.table])
    connection.execute(f"insert into {STALE_USERS} select $1, user_key from ({users}) as users", [query.table])


def _rows_of(query: Query) -> str:
    return f"select * from {query.table} where {query.partition} >= $from_date and {query.partition} < $until_date"
