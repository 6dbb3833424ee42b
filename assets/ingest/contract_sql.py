"""Writes the SELECT that types mapped rows and says what is wrong with each: one statement per contract.

The only SQL of the house that is generated, because contracts are data; identifiers come from the dictionary, values
are bound. What happens to the rows afterwards lives in `assets/ingest/store.py`.
"""

from dataclasses import dataclass

from assets.ingest.identifiers import keys_pattern
from assets.ingest.streaming import BLANKS, OffsetStep
from contracts.columns import COLUMNS
from contracts.contract import SourceContract
from contracts.sources import DIRECT_IDENTIFIERS

_FLOATS = ("DOUBLE", "FLOAT")
_EXACT_FLOAT = 2**53
_LOCAL_TIMES = ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
ZONED_TIME = "TIMESTAMP WITH TIME ZONE"
_OLDEST, _NEWEST = "1900-01-01", "9999-12-31"
_JSON_COLUMNS = ("attributes", "properties")
_WANTED = {
    "TIMESTAMP": f"a date and time between {_OLDEST[:4]} and {_NEWEST[:4]} (write YYYY-MM-DD HH:MM:SS)",
    "DATE": f"a date between {_OLDEST[:4]} and {_NEWEST[:4]} (write YYYY-MM-DD)",
    "INTEGER": "a whole number",
    "BIGINT": "a whole number",
    "DOUBLE": "a number",
    "DECIMAL(18,4)": "an amount (write 1234.56: no thousands separator, no currency sign)",
    "BOOLEAN": "true or false",
}

Fault = tuple[str, str]
"""An SQL condition that is true for rows at fault (null counts as no fault), and the reason to write down."""


@dataclass(frozen=True)
class _Mapped:
    """A column that the mapping yields: its name in the contract and the type it has there and here.

    `is_clean`: no text of it is empty or has blanks at its ends (`assets/ingest/streaming.py` has looked).
    """

    name: str
    given_type: str
    may_hold_nul: bool
    is_clean: bool = False

    @property
    def raw(self) -> str:
        return f'"raw_{self.name}"'

    @property
    def wanted_type(self) -> str:
        return COLUMNS[self.name].type

    @property
    def text(self) -> str:
        """The value as text without surrounding blanks; null when there is none."""
        if self.given_type in _FLOATS:
            # a number column with gaps comes out of pandas as 17850.0; as an id it is 17850
            whole = f"{self.raw} = floor({self.raw}) and abs({self.raw}) <= {_EXACT_FLOAT}"
            return f"case when {whole} then cast(cast({self.raw} as bigint) as varchar) else cast({self.raw} as varchar) end"
        if self.given_type == "VARCHAR" and self.is_clean:
            return self.raw
        if self.given_type == "VARCHAR":
            # trimming is dear, so only what may begin or end with a blank is trimmed: most values are not (a third of the time)
            edges = f"{self.raw} < '!' or {self.raw} >= '\u0080' or {self.raw}[-1] < '!' or {self.raw}[-1] >= '\u0080'"
            return f"case when {edges} then nullif(trim({self.raw}, '{BLANKS}'), '') else {self.raw} end"
        return f"nullif(cast({self.raw} as varchar), '')"

    @property
    def value(self) -> str:
        """The cast of the mapped value to its type; null when it cannot be."""
        wanted = self.wanted_type
        source = self.text if self.given_type == "VARCHAR" else self.raw
        if wanted == "VARCHAR":
            return self._without_identifiers() if self.name in _JSON_COLUMNS else self.text
        if wanted == "TIMESTAMP" and self.given_type == ZONED_TIME:
            # the instant is all that is stored; the calendar's way from it to UTC takes six times as long
            return f"case when isfinite({self.raw}) then make_timestamp(epoch_us({self.raw})) end"
        if wanted == "TIMESTAMP":
            return f"timezone('UTC', try_cast({source} as timestamptz))"
        if wanted in ("INTEGER", "BIGINT"):
            # a plain cast would round 1.7 to 2
            number = f"try_cast({source} as double)"
            return f"case when {number} = floor({number}) then try_cast({source} as {wanted.lower()}) end"
        return f"try_cast({source} as {wanted.lower()})"

    def _without_identifiers(self) -> str:
        """Take direct identifiers out of a JSON object; broken JSON that seems to hold some is a fault told elsewhere."""
        removed = "{" + ", ".join(f'"{name}": null' for name in DIRECT_IDENTIFIERS) + "}"
        found = f"regexp_matches({self.text}, '{keys_pattern()}')"
        return (
            f"case when {found} and json_valid({self.text}) then cast(json_merge_patch({self.text}, '{removed}') as varchar) "
            f"else {self.text} end"
        )

    def faults(self, *, is_required: bool) -> list[Fault]:
        """Return what can be wrong with the value itself."""
        name, given = (
            self.name,
            f"{self.text} is not null" if self.given_type == "VARCHAR" else f"{self.raw} is not null",
        )
        faults = []
        if self.wanted_type == "VARCHAR":
            if self.may_hold_nul:
                faults.append((f'contains("{name}", chr(0))', f"{name} holds a NUL character"))
            if self.given_type in _FLOATS:
                too_large = f"abs({self.raw}) > {_EXACT_FLOAT}"
                faults.append(
                    (too_large, f"{name} is a floating-point number too large to be exact; export it as text")
                )
        else:
            unfit = f'"{name}" is null and {given}'
            if self.wanted_type in ("TIMESTAMP", "DATE"):
                # infinity, 0001-01-01 and the like are placeholders, no days on which a shop kept books
                kind = self.wanted_type.lower()
                unfit += f" or \"{name}\" not between {kind} '{_OLDEST}' and {kind} '{_NEWEST}'"
            faults.append((unfit, f"{name} is not {_WANTED[self.wanted_type]}"))
        if is_required:
            faults.append((f'"{name}" is null and not ({given})', f"{name} is missing"))
        return faults


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _business_date(time: str, mapped_types: dict[str, str], steps: tuple[OffsetStep, ...]) -> str:
    if steps and mapped_types.get(time) == ZONED_TIME:
        whens = "".join(
            f'when "{time}" >= make_timestamp({step.from_s * 1_000_000}) then {step.offset_us} '
            for step in reversed(steps)
        )
        return f'cast(make_timestamp(epoch_us("{time}") + case {whens}end) as date)'
    if mapped_types.get(time) in _LOCAL_TIMES:
        # a time without zone keeps its calendar day; converting it there and back is the dearest step of a load
        return f'try_cast("raw_{time}" as date)'
    return f"cast(timezone('UTC', \"{time}\") as date)"


RATED = {"orders": ("ordered_date", "order"), "marketing_costs": ("cost_date", "cost")}
"""Contract whose money is converted -> (date of the rate, what the row is called)."""


def _currency_fault(contract: str, base_currency: str) -> Fault:
    day, word = RATED[contract]
    return (
        (
            f"currency <> {_literal(base_currency)} and not exists (select 1 from warehouse.bronze.exchange_rates as rates "
            f"where rates.currency = dated.currency and rates.rate_date = dated.{day})"
        ),
        f"currency has no exchange rate to {base_currency} on the {word}'s date",
    )


def _row_faults(contract: SourceContract, columns: list[_Mapped], base_currency: str) -> list[Fault]:
    present = {column.name for column in columns}
    faults = [fault for column in columns for fault in column.faults(is_required=column.name in contract.required)]
    faults += [("true", f"{name} is missing") for name in contract.required if name not in present]
    faults += [(f"({rule.holds}) is false", rule.reason) for rule in contract.rules]
    if contract.name in RATED:
        faults.append(_currency_fault(contract.name, base_currency))
    return faults


def _hashed_text(name: str) -> str:
    """Return the SQL of a column's part in the row hash; the calendar text of a time takes three times as long as its number."""
    number = f'epoch_us("{name}")' if COLUMNS[name].type == "TIMESTAMP" else f'"{name}"'
    return f"coalesce(cast({number} as varchar), '')"


def checked_select(
    contract: SourceContract,
    mapped_sql: str,
    mapped_types: dict[str, str],
    *,
    base_currency: str,
    is_derived: bool,
    may_hold_nul: bool = True,
    steps: tuple[OffsetStep, ...] = (),
    clean: frozenset[str] = frozenset(),
) -> str:
    """Return a SELECT of the mapped rows: `_row`, `_excluded`, typed columns, business dates, row_hash, `_fault`.

    `mapped_types` are the columns the mapping yields with their DuckDB types. `_fault` is null for rows that keep the
    contract, else every reason joined by '; '. Uses `$received_at`. The session's time zone must be the project's: times
    without zone and business dates are read in it. Derived rows are numbered as they come. `may_hold_nul` is false where
    the landing readers have refused NUL characters already (all text formats). `steps` are the offsets of the session's zone
    over the whole range of the times with zone; without them each row is converted. `clean` texts are taken as they are.
    """
    columns = [
        _Mapped(name, mapped_types[name], may_hold_nul and name not in clean, name in clean)
        for name in contract.columns
        if name in mapped_types
    ]
    absent = [name for name in contract.columns if name not in mapped_types]
    raw = "".join(f', "{column.name}" as {column.raw}' for column in columns)
    typed = "".join(f', {column.value} as "{column.name}"' for column in columns)
    typed += "".join(f', cast(null as {COLUMNS[name].type}) as "{name}"' for name in absent)
    dates = "".join(f', {_business_date(time, mapped_types, steps)} as "{day}"' for time, day in contract.dates)
    row = "row_number() over ()" if is_derived else "cast(_row as bigint)"
    excluded = "nullif(cast(_excluded as varchar), '')" if "_excluded" in mapped_types else "cast(null as varchar)"
    hashed = ", ".join(_hashed_text(name) for name in contract.columns)
    row_hash = "cast(null as varchar)" if contract.name == "events" else f"md5(concat_ws(chr(31), {hashed}))"
    hidden = f" exclude ({', '.join(column.raw for column in columns)})" if columns else ""
    faults = _row_faults(contract, columns, base_currency)
    is_at_fault = "\n        or ".join(f"({condition})" for condition, _ in faults)
    reasons = ",\n        ".join(f"case when {condition} then {_literal(reason)} end" for condition, reason in faults)
    return f"""
with mapped as (
{mapped_sql}
),
raw as (select {row} as _row, {excluded} as _excluded{raw} from mapped),
typed as (select *{typed} from raw),
dated as (select *{dates} from typed)
select
    *{hidden},
    {row_hash} as row_hash,
    case when _excluded is null and (
        {is_at_fault}
    ) then concat_ws('; ',
        {reasons}
    ) end as _fault
from dated
"""
