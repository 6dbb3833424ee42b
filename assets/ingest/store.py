"""Writes accepted rows of a unit to bronze: keys for new ids, what is a duplicate or a new version, what it replaces.

Everything here runs inside the unit's transaction on `checked` (all mapped rows), `numbered` (their key hashes) and `refused`
(those not accepted; why is told by `assets/ingest/contract_sql.py`).
"""

from dataclasses import dataclass
from datetime import date

from assets.ingest.contested import accepted, find_contested
from assets.ingest.plan import DERIVED, Unit
from assets.ingest.seen_keys import SeenKeys
from assets.ingest.touched import dates_of_kept, dates_taken_away
from assets.ingest.views import FileSpan
from assets.landing.engine import Connection
from assets.stored_layout import stored_columns
from contracts.contract import SourceContract

_EVENT_CONTENT = (
    "occurred_at", "event_type", "actor", "target_user_id", "product_id", "content_id", "channel", "device", "session_id",
    "properties",
)  # fmt: skip
_ON_DATES = (
    "activity_date >= (select min(activity_date) from days) and activity_date <= (select max(activity_date) from days)"
)
"""Spares the other dates of the largest table: an event's identity holds its date."""


@dataclass(frozen=True)
class Stored:
    """What storing a unit's rows changed: dates of rows that were added, replaced or taken away, and events in conflict."""

    touched_dates: frozenset[date]
    conflicts: int


def store_rows(
    connection: Connection, unit: Unit, contract: SourceContract, spans: tuple[FileSpan, ...], seen: SeenKeys
) -> Stored:
    """Replace what an earlier load of the unit left by its accepted rows; fills the temp table `outcomes`.

    `outcomes` holds the rows whose key is not theirs alone: `_row`, `_outcome` (loaded, updated, duplicate), `_kept`.
    """
    touched = _replace_earlier(connection, unit, contract)
    _give_keys(connection, contract)
    if contract.name == "events":
        _count_days(connection)
    find_contested(connection, contract, seen)
    if contract.name == "events":
        _judge_events(connection)
        touched |= _touched_dates(connection)
    else:
        _judge_versions(connection, contract)
    _insert(connection, unit, contract, spans)
    seen.files |= set(unit.file_ids)
    conflicts = 0
    if contract.name != "events":
        touched |= dates_of_kept(connection, contract)
    else:
        row = connection.execute("select count(*) from outcomes where _outcome = 'updated'").fetchone()
        conflicts = row[0] if row else 0
    return Stored(frozenset(touched), conflicts)


def _replace_earlier(connection: Connection, unit: Unit, contract: SourceContract) -> set[date]:
    """Take away what an earlier load left: of the same file, or all rows where the unit stands for every file."""
    table = f"warehouse.bronze.{contract.name}"
    # rows that an earlier, deriving mapping left stand in for files; they go as soon as a file is loaded by itself
    own = "true" if unit.mapping.needs_every_file else "file_id in (select unnest($1))"
    parameters = [] if unit.mapping.needs_every_file else [[*unit.file_ids, DERIVED]]
    ledger_lines = f"select count(*) from warehouse.bronze.row_ledger where contract = '{contract.name}' and {own}"
    if connection.execute(ledger_lines, parameters).fetchall() == [(0,)]:
        return set()
    touched = dates_taken_away(connection, contract, own, parameters)
    connection.execute(f"delete from {table} where {own}", parameters)
    for ledger in ("row_ledger", "quarantine", "exclusions", "unit_files"):
        connection.execute(
            f"delete from warehouse.bronze.{ledger} where contract = '{contract.name}' and {own}", parameters
        )
    return touched


def _give_keys(connection: Connection, contract: SourceContract) -> None:
    """Give a small integer to every id seen for the first time, in the order of the ids; `unit_ids` holds those of the unit."""
    connection.execute("create or replace temp table unit_ids (kind varchar, source_id varchar, id varchar)")
    where = accepted(connection)
    for column, key in contract.keyed:
        kind = "user" if key.endswith("user_key") else "product"
        connection.execute(
            f"insert into unit_ids select distinct '{kind}', {column}, {column} from checked "
            f"where {where} and {column} is not null"
        )
    if contract.name == "events":
        # who is not signed in is a visitor
        connection.execute(
            "insert into unit_ids select distinct 'visitor', anonymous_id, 'anonymous:' || anonymous_id from checked "
            f"where {where} and user_id is null and anonymous_id is not null"
        )
    for table, name, key, kinds in (
        ("user_keys", "user_id", "user_key", "('user', 'visitor')"),
        ("product_keys", "product_id", "product_key", "('product')"),
    ):
        flag = ", starts_with(id, 'anonymous:')" if table == "user_keys" else ""
        connection.execute(f"""
            insert into warehouse.bronze.{table}
            select id, (select coalesce(max({key}), 0) from warehouse.bronze.{table}) + row_number() over (order by id){flag}
            from (select distinct id from unit_ids where kind in {kinds}) as found
            where id not in (
                -- the ids of the unit are the small side: those of the shop pass by them
                select {name} from warehouse.bronze.{table} where {name} in (select id from unit_ids where kind in {kinds})
            )
        """)


def _count_days(connection: Connection) -> None:
    """Fill `days` with the accepted events of each date."""
    connection.execute("""
        create or replace temp table days as
        select activity_date, count(*) as events_count from numbered where not is_refused group by activity_date
    """)


def _judge_versions(connection: Connection, contract: SourceContract) -> None:
    """Tell new versions of a key from rows that are there already, word for word."""
    key = ", ".join(contract.key)
    same_key = " and ".join(f"known.{name} is not distinct from fresh.{name}" for name in contract.key)
    connection.execute(f"""
        create or replace temp table outcomes as
        with fresh as (
            select {key}, row_hash, _row,
                row_number() over (partition by {key}, row_hash order by _row) as same_number,
                row_number() over (partition by {key} order by _row) as copy_number
            from checked
            where _row in (select _row from contested_rows)
        ),
        known as (
            select {key}, list(row_hash) as row_hashes
            from rivals
            group by {key}
        )
        select fresh._row,
            case when same_number > 1 or coalesce(list_contains(known.row_hashes, fresh.row_hash), false) then 'duplicate'
                 when copy_number > 1 or known.row_hashes is not null then 'updated'
                 else 'loaded' end as _outcome,
            _outcome <> 'duplicate' as _kept
        from fresh left join known on {same_key}
    """)


def _judge_events(connection: Connection) -> None:
    """Of events with one identity keep the one whose content hash is greatest, whichever file came first.

    The stored event is compared by its ids, not by its keys, which depend on the order of loading.
    """
    content = (
        "md5(concat_ws(chr(31), "
        + ", ".join(f"coalesce(cast({name} as varchar), '')" for name in _EVENT_CONTENT)
        + "))"
    )
    connection.execute(f"""
        create or replace temp table outcomes as
        with fresh_rows as (
            select *, coalesce(user_id, 'anonymous:' || anonymous_id) as actor
            from checked
            where _row in (select _row from contested_rows)
        ),
        fresh as (
            select event_id, activity_date, _row, {content} as content,
                row_number() over (partition by event_id, activity_date, {content} order by _row) as same_number
            from fresh_rows
        ),
        stored_rows as (
            select events.*, actor.user_id as actor, target.user_id as target_user_id, product.product_id
            from warehouse.bronze.events as events
            left join warehouse.bronze.user_keys as actor on actor.user_key = events.user_key
            left join warehouse.bronze.user_keys as target on target.user_key = events.target_user_key
            left join warehouse.bronze.product_keys as product on product.product_key = events.product_key
            where {_ON_DATES}
                and hash(event_id, activity_date) in (select key_hash from contested)
        ),
        stored as (select event_id, activity_date, {content} as content from stored_rows),
        greatest_content as (
            select event_id, activity_date, max(content) as content
            from (select event_id, activity_date, content from fresh union all select * from stored) as rivals
            group by event_id, activity_date
        )
        select fresh._row, fresh.event_id, fresh.activity_date,
            case when same_number > 1 or stored.content = fresh.content then 'duplicate'
                 when stored.content is null and fresh.content = greatest_content.content then 'loaded'
                 else 'updated' end as _outcome,
            _outcome <> 'duplicate' and fresh.content = greatest_content.content as _kept,
            stored.content is not null as _is_stored
        from fresh
        inner join greatest_content using (event_id, activity_date)
        left join stored using (event_id, activity_date)
    """)
    connection.execute(f"""
        delete from warehouse.bronze.events
        where {_ON_DATES}
            and hash(event_id, activity_date) in (select hash(event_id, activity_date) from outcomes where _kept and _is_stored)
            and (event_id, activity_date) in (select event_id, activity_date from outcomes where _kept and _is_stored)
    """)


def _touched_dates(connection: Connection) -> set[date]:
    """Return the dates of which at least one accepted event is kept."""
    rows = connection.execute("""
        select days.activity_date
        from days left join (select activity_date, count(*) as left_count from outcomes where not _kept group by 1) as dropped
            using (activity_date)
        where events_count > coalesce(left_count, 0)
    """).fetchall()
    return {row[0] for row in rows}


def _insert(connection: Connection, unit: Unit, contract: SourceContract, spans: tuple[FileSpan, ...]) -> None:
    values = ", ".join(_stored_value(contract, name, unit, spans) for name in stored_columns(contract))
    if contract.name == "events":
        _keys_of_unit(connection)
    is_judged = connection.execute("select count(*) > 0 from outcomes").fetchone() == (True,)
    judged = "left join (select _row as judged_row, _kept from outcomes) as judged on judged_row = new._row"
    connection.execute(f"""
        insert into warehouse.bronze.{contract.name} ({", ".join(stored_columns(contract))})
        select {values}
        from checked as new
        {judged if is_judged else ""}
        {_KEY_JOINS if contract.name == "events" else ""}
        where {accepted(connection)} {"and coalesce(_kept, true)" if is_judged else ""}
    """)


def _keys_of_unit(connection: Connection) -> None:
    """Make `unit_keys` of the ids that the unit has: small tables to look up in, whatever the shop has seen before."""
    connection.execute("""
        create or replace temp table unit_keys as
        select kind, source_id, user_key as key
        from unit_ids inner join warehouse.bronze.user_keys as known on known.user_id = unit_ids.id
        where kind in ('user', 'visitor')
        group by all
        union all
        select kind, source_id, product_key
        from unit_ids inner join warehouse.bronze.product_keys as known on known.product_id = unit_ids.id
        where kind = 'product'
        group by all
    """)


_KEY_JOINS = """
        left join (select * from unit_keys where kind = 'user') as actor on actor.source_id = new.user_id
        left join (select * from unit_keys where kind = 'visitor') as visitor on visitor.source_id = new.anonymous_id
        left join (select * from unit_keys where kind = 'user') as target on target.source_id = new.target_user_id
        left join (select * from unit_keys where kind = 'product') as product on product.source_id = new.product_id"""


def _stored_value(contract: SourceContract, column: str, unit: Unit, spans: tuple[FileSpan, ...]) -> str:
    if column == "file_id":
        return file_id_sql(unit, spans)
    if column == "record_number":
        if unit.mapping.is_derived:
            return "cast(null as bigint)"
        if len(spans) == 1:
            return "_row"
        whens = " ".join(f"when _row <= {span.last} then _row - {span.first}" for span in spans)
        return f"case {whens} end"
    if contract.name == "events":
        keys = {
            "user_key": "case when new.user_id is null then visitor.key else actor.key end",
            "target_user_key": "target.key",
            "product_key": "product.key",
        }
        if column in keys:
            return keys[column]
    return f"new.{column}"


def file_id_sql(unit: Unit, spans: tuple[FileSpan, ...]) -> str:
    """Return an SQL text that says of which file a row of `checked` is."""
    if unit.mapping.is_derived:
        return f"'{DERIVED}'"
    if len(spans) == 1:
        return f"'{spans[0].item.file.file_id}'"
    whens = " ".join(f"when _row <= {span.last} then '{span.item.file.file_id}'" for span in spans)
    return f"case {whens} end"
