"""Finds the keys that stand more than once: in a unit's own rows, or in these and in bronze.

What becomes of such rows is judged in `assets/ingest/store.py`.
"""

import numpy as np
import pandas as pd

from assets.ingest.plan import Unit
from assets.ingest.seen_keys import SeenKeys
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


def accepted(connection: Connection) -> str:
    """Return the condition under which a row of `checked` is accepted: no condition where nothing is refused."""
    return ACCEPTED if connection.execute("select count(*) > 0 from refused").fetchall() == [(True,)] else "true"


def find_contested(connection: Connection, unit: Unit, contract: SourceContract, seen_events: SeenKeys) -> None:
    """Fill `contested` with the hashes of keys that stand twice in the unit, or in the unit and in bronze.

    A hash that two keys share by chance only costs a second look: rows are compared by their keys afterwards.
    """
    if contract.name == "events":
        _find_contested_events(connection, unit, seen_events)
        return
    # what is new is the small side: stored rows pass by it, and no set is made of them
    connection.execute(f"""
        create or replace temp table contested as
        select key_hash from numbered where not is_refused group by key_hash having count(*) > 1
        union
        select key_hash
        from (select hash({", ".join(contract.key)}) as key_hash from warehouse.bronze.{contract.name}) as stored
        where key_hash in (select key_hash from numbered where not is_refused)
    """)


def _find_contested_events(connection: Connection, unit: Unit, seen_events: SeenKeys) -> None:
    """Events of files that this very load has stored are compared by remembered numbers, others by their stored ids.

    Reading the ids again for each of many files that span the same dates would cost more than all else in the load.
    """
    hashes = connection.execute("select key_hash from numbered where not is_refused").fetchnumpy()["key_hash"]
    repeated = pd.DataFrame({"key_hash": seen_events.repeated(np.asarray(hashes, dtype=np.uint64))})
    connection.register("repeated_keys", repeated)
    connection.execute(
        "create or replace temp table contested as select cast(key_hash as ubigint) as key_hash from repeated_keys"
    )
    connection.unregister("repeated_keys")
    connection.execute("create temp table if not exists seen_files (file_id varchar)")
    of_others = "file_id not in (select file_id from seen_files)"
    others = f"select count(*) from warehouse.bronze.row_ledger where contract = 'events' and {of_others}"
    if connection.execute(others).fetchall() != [(0,)]:
        connection.execute(f"""
            insert into contested
            select distinct key_hash
            from (select hash(event_id, activity_date) as key_hash from warehouse.bronze.events where {_WITHIN} and {of_others})
            where key_hash in (select key_hash from numbered where not is_refused)
        """)
    connection.execute("insert into seen_files select unnest($1)", [unit.file_ids])
