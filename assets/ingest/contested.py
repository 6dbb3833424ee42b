"""Finds the keys that stand more than once: in a unit's own rows, or in these and in bronze.

What becomes of such rows is judged in `assets/ingest/store.py`.
"""

from assets.ingest.plan import Unit
from assets.landing.engine import Connection
from contracts.contract import SourceContract

ACCEPTED = "_row not in (select _row from refused)"
_WITHIN = (
    "activity_date >= (select min(activity_date) from days) and activity_date <= (select max(activity_date) from days)"
)


def number_rows(connection: Connection, contract: SourceContract) -> None:
    """Fill `numbered` with the row number, key hash and date of every row, and `refused` with the rows left out or at fault.

    All texts of a large file are judged once; what follows works on the numbers.
    """
    day = ", activity_date" if contract.name == "events" else ""
    is_refused = "_excluded is not null or _fault is not null"
    connection.execute(f"""
        create or replace temp table numbered as
        select _row, hash({", ".join(contract.key)}) as key_hash{day}, {is_refused} as is_refused from checked
    """)
    refused = connection.execute("select count(*) from numbered where is_refused").fetchone()
    # most files have none: those that have are read once more
    connection.execute(
        "create or replace temp table refused as select _row, _excluded, _fault from checked "
        f"where {is_refused if refused and refused[0] else 'false'}"
    )


def find_contested(connection: Connection, unit: Unit, contract: SourceContract) -> None:
    """Fill `contested` with the hashes of keys that stand twice in the unit, or in the unit and in bronze.

    A hash that two keys share by chance only costs a second look: rows are compared by their keys afterwards.
    """
    key_hash = f"hash({', '.join(contract.key)})"
    is_events = contract.name == "events"
    known = (
        _known_events(connection, key_hash) if is_events else f"select {key_hash} from warehouse.bronze.{contract.name}"
    )
    # what is new is the small side: stored rows pass by it, and no set is made of them
    connection.execute(f"""
        create or replace temp table contested as
        select key_hash from numbered where not is_refused group by key_hash having count(*) > 1
        union
        select key_hash
        from ({known}) as stored(key_hash)
        where key_hash in (select key_hash from numbered where not is_refused)
    """)
    if is_events:
        connection.execute("insert into seen_events select key_hash from numbered where not is_refused")
        connection.execute("insert into seen_files select unnest($1)", [unit.file_ids])


def _known_events(connection: Connection, key_hash: str) -> str:
    """Return a SELECT of the hashes of the events in bronze that may be met again.

    Those of files that this very load has stored are kept as numbers: reading their ids again for each of many files that
    span the same dates would cost more than all else in the load.
    """
    connection.execute(
        "create temp table if not exists seen_events (key_hash ubigint); "
        "create temp table if not exists seen_files (file_id varchar)"
    )
    of_others = "file_id not in (select file_id from seen_files)"
    row = connection.execute(
        f"select count(*) from warehouse.bronze.row_ledger where contract = 'events' and {of_others}"
    ).fetchone()
    known = "select key_hash from seen_events"
    if row and row[0]:
        known += f" union all select {key_hash} from warehouse.bronze.events where {_WITHIN} and {of_others}"
    return known
