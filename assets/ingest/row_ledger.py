"""Writes the ledger of a unit: staged = loaded + updated + duplicate + excluded + quarantined, for every file of it."""

from datetime import datetime

from assets.ingest.contested import ACCEPTED
from assets.ingest.plan import Unit
from assets.ingest.store import file_id_sql
from assets.ingest.views import FileSpan, Landing
from assets.landing.engine import Connection
from contracts.contract import SourceContract

OUTCOMES = ("loaded", "updated", "duplicate", "excluded", "quarantined")


class LedgerError(RuntimeError):
    """Rows in and rows out do not balance: a mistake of the program or of a mapping, never of the data."""


def check_conservation(connection: Connection, unit: Unit, landing: Landing) -> None:
    """Make sure that a mapping headed `rows: all` returned every staged row once, and a deriving one each key once.

    Raises:
        LedgerError: it did not.
    """
    mapping = unit.mapping
    if mapping.is_derived:
        return
    # the numbers of the rows are compared by three sums, which is exact in all but contrived cases and needs no sorting
    sums = "count(*), sum({0}), bit_xor(hash({0}))"
    staged = " union all ".join(
        f'select cast(_row + {span.first} as bigint) as _row from staging."{span.item.result.table}"'
        for span in landing.filled
    )
    expected = (
        connection.execute(f"select {sums.format('_row')} from ({staged}) as rows_staged").fetchone()
        if staged
        else (0, None, None)
    )
    if connection.execute(f"select {sums.format('_row')} from checked").fetchone() != expected:
        found, different = connection.execute("select count(*), count(distinct _row) from checked").fetchone() or (0, 0)
        message = (
            f"{mapping.path}: {landing.rows_staged:,} rows of {mapping.primary} were staged, the mapping returns {found:,} "
            f"rows with {different:,} different _row; return each row once: no where, no join that multiplies, "
            "_excluded for rows left out"
        )
        raise LedgerError(message)


def check_derived_keys(connection: Connection, unit: Unit, contract: SourceContract) -> None:
    """Make sure that a deriving mapping returned each key of the contract once.

    Raises:
        LedgerError: it did not; which of the rows holds would be left to chance.
    """
    if not unit.mapping.is_derived:
        return
    key = ", ".join(contract.key)
    repeated = connection.execute(
        f"select {key}, count(*) from checked where {ACCEPTED} group by {key} having count(*) > 1 order by {key}"
    ).fetchall()
    if repeated:
        message = (
            f"{unit.mapping.path}: returns {len(repeated):,} keys ({key}) more than once, the first of them "
            f"{', '.join(map(str, repeated[0][:-1]))} {repeated[0][-1]} times; group by the key, so that no row is "
            "picked by chance"
        )
        raise LedgerError(message)


def write_row_ledger(
    connection: Connection, unit: Unit, contract: SourceContract, spans: tuple[FileSpan, ...], received_at: datetime
) -> dict[str, int]:
    """Write a ledger line per file and the exclusions by reason; return the unit's rows by outcome, `staged` included.

    Raises:
        LedgerError: a line does not balance.
    """
    of_file = file_id_sql(unit, spans)
    counted = connection.execute(f"""
        select {of_file} as file_id,
            coalesce(refusals.refusal, judged._outcome, 'loaded') as outcome,
            count(*)
        from (select _row from checked) as numbered
        left join (select _row, _outcome from outcomes) as judged using (_row)
        left join (
            select _row, case when _excluded is null then 'quarantined' else 'excluded' end as refusal from refused
        ) as refusals using (_row)
        group by all
    """).fetchall()
    counts: dict[str, dict[str, int]] = {file_id: dict.fromkeys(OUTCOMES, 0) for file_id in unit.file_ids}
    for file_id, outcome, number in counted:
        counts[file_id][outcome] = number
    staged = {unit.file_ids[0]: sum(number for *_, number in counted)}
    if not unit.mapping.is_derived:
        staged = {span.item.file.file_id: span.item.result.staged for span in spans}
    _check_stored(connection, unit, contract, counts)
    for file_id, line in counts.items():
        if sum(line.values()) != staged[file_id]:
            message = (
                f"{contract.name}: the ledger of file {file_id} does not balance: {staged[file_id]:,} staged, but {line}; "
                "the file was rolled back. This is a fault of the program; please report it"
            )
            raise LedgerError(message)
        values = [
            file_id,
            contract.name,
            contract.version,
            unit.fingerprint,
            staged[file_id],
            *line.values(),
            received_at,
        ]
        connection.execute(
            "insert into warehouse.bronze.row_ledger values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", values
        )
    connection.execute(f"""
        insert into warehouse.bronze.exclusions
        select {of_file}, '{contract.name}', _excluded, count(*) from refused where _excluded is not null group by all
    """)
    for file in unit.files if unit.mapping.needs_every_file else ():
        connection.execute(
            "insert into warehouse.bronze.unit_files values ($1, $2, $3)", [contract.name, file.file_id, file.name]
        )
    totals = {outcome: sum(line[outcome] for line in counts.values()) for outcome in OUTCOMES}
    return {"staged": sum(staged.values()), **totals}


def _check_stored(
    connection: Connection, unit: Unit, contract: SourceContract, counts: dict[str, dict[str, int]]
) -> None:
    """Count what is now in bronze of the unit's files: the ledger must say the same (of events, kept ones are counted)."""
    if contract.name == "events":
        row = connection.execute("""
            select count(*) filter (where _kept), count(*) filter (where _outcome in ('loaded', 'updated')) from outcomes
        """).fetchone()
        kept, told = row or (0, 0)
        lost = told - kept
    else:
        lost = 0
    expected = sum(line["loaded"] + line["updated"] for line in counts.values()) - lost
    found = connection.execute(
        f"select count(*) from warehouse.bronze.{contract.name} where file_id in (select unnest($1))", [unit.file_ids]
    ).fetchone()
    if found is None or found[0] != expected:
        message = (
            f"{contract.name}: {expected:,} rows of {unit.file_names} should be stored, {found and found[0]} are; rolled back. "
            "This is a fault of the program; please report it"
        )
        raise LedgerError(message)
