"""Finds the keys that stand more than once: in a unit's own rows, or in these and in bronze.

What becomes of such rows is judged in `assets/ingest/store.py`.
"""

import numpy as np
import pandas as pd

from assets.ingest.seen_keys import SeenKeys
from assets.landing.engine import Connection
from contracts.contract import SourceContract
from contracts.sources import DATED_BY

ACCEPTED = "_row not in (select _row from refused)"
_FRESH = "select key_hash from numbered where not is_refused"


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


def find_contested(connection: Connection, contract: SourceContract, seen: SeenKeys) -> None:
    """Fill `contested` with the hashes of keys that stand twice in the unit, or in the unit and in bronze; and `contested_rows`.

    `contested_rows`: the numbers of the unit's accepted rows that have such a key. By its number a row is found before its
    values are computed; by the hash of its key only after.

    A hash that two keys share by chance only costs a second look: rows are compared by their keys afterwards. Stored keys are
    read once in a load and remembered as numbers: reading them again for each of many files would cost more than all else.
    `rivals`, of all contracts but events: the stored rows of those keys.
    """
    _remember_stored(connection, contract, seen)
    repeated = pd.DataFrame({"key_hash": seen.repeated(_hashes(connection, _FRESH))})
    connection.register("repeated_keys", repeated)
    connection.execute(
        "create or replace temp table contested as select cast(key_hash as ubigint) as key_hash from repeated_keys"
    )
    connection.unregister("repeated_keys")
    connection.execute(
        "create or replace temp table contested_rows as "
        "select _row from numbered where not is_refused and key_hash in (select key_hash from contested)"
    )
    if contract.name != "events":
        _find_rivals(connection, contract)


def _find_rivals(connection: Connection, contract: SourceContract) -> None:
    """Fill `rivals` with key, row_hash and date of the stored rows whose key is contested: found once, asked several times."""
    dated = DATED_BY.get(contract.name)
    columns = [*contract.key, "row_hash"]
    if dated is not None and dated not in columns:
        columns.append(dated)
    connection.execute(
        f"create or replace temp table rivals as select {', '.join(columns)} from warehouse.bronze.{contract.name} "
        f"where hash({', '.join(contract.key)}) in (select key_hash from contested)"
    )


def _remember_stored(connection: Connection, contract: SourceContract, seen: SeenKeys) -> None:
    """Remember the keys that earlier loads have stored; of events, by far the most, those of the dates that come up."""
    stored = f"select hash({', '.join(contract.key)}) as key_hash from warehouse.bronze.{contract.name}"
    if contract.name != "events":
        if not seen.has_stored:
            seen.remember(_hashes(connection, stored))
        seen.has_stored = True
        return
    first, last = connection.execute("select min(activity_date), max(activity_date) from days").fetchall()[0]
    if first is None:
        return
    before = seen.dates or (first, first)
    span = (min(first, before[0]), max(last, before[1]))
    if span != seen.dates:
        known = "" if seen.dates is None else "and not (activity_date between $3 and $4)"
        received = "and file_id not in (select unnest($5))" if seen.dates else ""
        values = [*span, *([*seen.dates, sorted(seen.files)] if seen.dates else [])]
        seen.remember(_hashes(connection, f"{stored} where activity_date between $1 and $2 {known} {received}", values))
    seen.dates = span


def _hashes(connection: Connection, select: str, values: list | None = None) -> np.ndarray:
    found = connection.execute(select, values or []).fetchnumpy()["key_hash"]
    return np.asarray(found, dtype=np.uint64)
