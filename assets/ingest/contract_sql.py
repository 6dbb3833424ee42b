"""Writes the SELECT that types mapped rows and says what is wrong with each: one statement per contract.

The only SQL of the house that is generated, because contracts are data; identifiers come from the dictionary, values
are bound. What happens to the rows afterwards lives in `assets/ingest/load.py`.
"""

from contracts.columns import COLUMNS
from contracts.contract import SourceContract


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _typed(name: str, column_type: str) -> str:
    """Return the cast of a mapped value to its type; null when it cannot be."""
    text = f'nullif(trim(cast("{name}" as varchar)), \'\')'
    if column_type == "VARCHAR":
        return text
    if column_type == "TIMESTAMP":
        return f"timezone('UTC', try_cast(\"{name}\" as timestamptz))"
    if column_type in ("INTEGER", "BIGINT"):
        # a plain cast would round 1.7 to 2
        number = f"try_cast({text} as double)"
        return f"case when {number} = floor({number}) then try_cast({number} as {column_type.lower()}) end"
    if column_type == "DOUBLE":
        return f"try_cast({text} as double)"
    return f'try_cast("{name}" as {column_type})'


def _cast_fault(name: str, column_type: str) -> str:
    """Return an SQL text that is null when the value is absent or fits its type."""
    if column_type == "VARCHAR":
        return f"case when instr(cast(\"{name}\" as varchar), chr(0)) > 0 then '{name} holds a NUL character' end"
    given = f'nullif(trim(cast("{name}" as varchar)), \'\') is not null'
    what = {"TIMESTAMP": "a date and time (write YYYY-MM-DD HH:MM:SS)", "DATE": "a date (write YYYY-MM-DD)"}
    return (
        f"case when {given} and {_typed(name, column_type)} is null "
        f"then '{name} is not {what.get(column_type, 'a ' + column_type)}' end"
    )


def checked_select(
    contract: SourceContract, mapped_sql: str, mapped_columns: tuple[str, ...], *, base_currency: str, is_derived: bool
) -> str:
    """Return a SELECT of the mapped rows: `_row`, `_excluded`, typed columns, business dates, row_hash, `_fault`.

    `_fault` is null for rows that keep the contract, else every reason joined by '; '. Uses `$received_at`. The session's
    time zone must be the project's: times without zone and business dates are read in it.
    """
    present = [name for name in contract.columns if name in mapped_columns]
    types = {name: COLUMNS[name].type for name in contract.columns}
    typed = [f'{_typed(name, types[name])} as "{name}"' for name in present]
    typed += [f'cast(null as {types[name]}) as "{name}"' for name in contract.columns if name not in present]
    row = "cast(null as bigint)" if is_derived else "_row"
    excluded = "_excluded" if "_excluded" in mapped_columns else "cast(null as varchar)"
    cast_faults = [_cast_fault(name, types[name]) for name in present]
    dates = [f'cast(timezone(\'UTC\', "{time}") as date) as "{day}"' for time, day in contract.dates]
    # a required value that is there but cannot be read is told once, by its cast fault
    faults = [
        f"case when \"{name}\" is null and not contains(_casts, '{name} is not') then '{name} is missing' end"
        for name in contract.required
    ]
    faults += [f"case when not ({rule.holds}) then {_literal(rule.reason)} end" for rule in contract.rules]
    if contract.name == "orders":
        faults.append(
            f"case when currency <> '{base_currency}' and not exists (select 1 from warehouse.bronze.exchange_rates as rates "
            "where rates.currency = dated.currency and rates.rate_date = dated.ordered_date) "
            f"then 'currency has no exchange rate to {base_currency} on the order''s date' end"
        )
    hashed = ", ".join(f"coalesce(cast(\"{name}\" as varchar), '')" for name in contract.columns)
    row_hash = "cast(null as varchar)" if contract.name == "events" else f"md5(concat_ws(chr(31), {hashed}))"
    day_columns = f", {', '.join(dates)}" if dates else ""
    return f"""
with mapped as (
{mapped_sql}
),
typed as (
    select {row} as _row, {excluded} as _excluded, {", ".join(typed)}, concat_ws('; ', {", ".join(cast_faults)}) as _casts
    from mapped
),
dated as (
    select *{day_columns} from typed
)
select
    * exclude (_casts),
    {row_hash} as row_hash,
    case when _excluded is null then nullif(concat_ws('; ', nullif(_casts, ''), {", ".join(faults)}), '') end as _fault
from dated
"""
