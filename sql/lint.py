"""Says where a SQL file breaks the rules of the house that its syntax tree can show. An empty answer is a clean file.

Each rule is one function over the parsed file and stands in `RULES`. Layout and names are sqlfluff's, types and columns
are checked when the files are bound, and what a feature may know by the point-in-time test.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from contracts.columns import COLUMNS
from sql.expression_types import KindReader
from sql.mappings import Mapping
from sql.queries import Query, QueryError, check_layers, exp, parse, read_header
from sql.row_keys import KeyReader, Relation

_CLOCK_OR_CHANCE = {
    "now", "today", "current_date", "current_time", "current_timestamp", "currentdate", "currenttime", "currenttimestamp",
    "localtime", "localtimestamp", "get_current_time", "get_current_timestamp", "transaction_timestamp", "random", "rand",
    "randn", "setseed", "uuid", "gen_random_uuid", "uuidv4", "uuidv7", "nextval", "currval", "any_value", "anyvalue", "arbitrary",
    "approx_count_distinct", "approxdistinct", "approx_quantile", "approxquantile", "approx_top_k", "reservoir_quantile",
    "mode",
}  # fmt: skip
_EXACT_INTEGER = (exp.Floor, exp.Ceil, exp.Round, exp.Trunc)
_PICKS_BY_ORDER = (exp.RowNumber, exp.Ntile, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue)
_PICKS_ONE = (exp.ArgMax, exp.ArgMin)
_KEEPS_ORDER = (exp.First, exp.Last, exp.ArrayAgg, exp.GroupConcat, exp.List)


@dataclass(frozen=True)
class SqlFile:
    """What the rules look at: the tree, where it stands, and what its header allows."""

    name: str
    layer: str
    tree: exp.Expr
    duckdb_only: bool

    @cached_property
    def kinds(self) -> KindReader:
        """Kinds of the expressions."""
        return KindReader(self.tree, known={} if self.is_mapping else COLUMNS)

    @cached_property
    def keys(self) -> KeyReader:
        """Keys of the CTEs and selects."""
        return KeyReader(self.tree)

    @property
    def is_mapping(self) -> bool:
        """Whether it reads landing files, whose columns are text and whose times are local."""
        return self.layer == "mapping"


def _shown(node: exp.Expr) -> str:
    return node.sql("duckdb")


def no_clock_no_chance(file: SqlFile) -> Iterator[str]:
    """Results depend on data and parameters alone: no clock, no chance, nothing that takes any row."""
    for node in file.tree.find_all(exp.Func):
        names = (
            {node.name.lower()}
            if isinstance(node, exp.Anonymous)
            else {type(node).__name__.lower(), node.sql_name().lower()}
        )
        if found := sorted(names & _CLOCK_OR_CHANCE):
            yield f"uses {found[0]}(): results must depend on data and parameters alone"
    for _ in file.tree.find_all(exp.TableSample):
        yield "samples rows: results must depend on data and parameters alone"


def no_bare_division(file: SqlFile) -> Iterator[str]:
    """Every division says what happens at 0, and none is left to decimals, which round differently elsewhere."""
    for node in file.tree.find_all(exp.Div, exp.IntDiv):
        below = node.expression
        while isinstance(below, exp.Paren | exp.Cast):
            below = below.this
        literal = isinstance(below, exp.Literal) and not below.is_string and float(below.name) != 0
        if not (literal or isinstance(below, exp.Nullif)):
            yield f"divides by what may be 0; write nullif(..., 0): {_shown(node)}"
        sides = {file.kinds.kind(node.this), file.kinds.kind(node.expression)}
        if isinstance(node, exp.Div) and "DOUBLE" not in sides and sides != {"INTEGER"}:
            yield f"divides decimals; cast one side to double first: {_shown(node)}"


def dates_are_subtracted_as_dates(file: SqlFile) -> Iterator[str]:
    """`date_diff` between dates only: between timestamps it counts midnights of UTC."""
    for node in file.tree.find_all(exp.DateDiff):
        if {file.kinds.kind(node.this), file.kinds.kind(node.expression)} != {"DATE"}:
            yield f"takes date_diff of something else than two dates: {_shown(node)}"


def parameters_meet_dates(file: SqlFile) -> Iterator[str]:
    """Business dates are compared with $as_of, never timestamps: midnight UTC is 08:00 in Shanghai."""
    for node in file.tree.find_all(exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ, exp.NEQ, exp.Between):
        operands = [node.this, *(node.args.get(name) for name in ("expression", "low", "high"))]
        days = [part for part in operands if part is not None and _names_a_day(part)]
        others = [part for part in operands if part is not None and not _names_a_day(part)]
        if days and any(file.kinds.kind(part) != "DATE" for part in others):
            yield f"compares something else than a business date with a date parameter: {_shown(node)}"


def _names_a_day(node: exp.Expr) -> bool:
    if isinstance(node, exp.Add | exp.Sub):
        return _names_a_day(node.this)
    return isinstance(node, exp.Placeholder) and node.name in ("as_of", "from_date", "until_date")


def no_rounding_cast(file: SqlFile) -> Iterator[str]:
    """Casts say how they round: DuckDB makes 1.7 a 2, others a 1; a timestamp cut to a date loses the time zone."""
    for node in file.tree.find_all(exp.Cast):
        inner = node.this.unnest()
        wanted, found = file.kinds.kind(node), file.kinds.kind(inner)
        if wanted == "INTEGER" and not (isinstance(inner, _EXACT_INTEGER) or found in ("INTEGER", "BOOLEAN")):
            yield f"casts to an integer what may not be one; write floor or round: {_shown(node)}"
        if wanted == "DECIMAL" and found == "DOUBLE" and not isinstance(inner, exp.Round):
            yield f"casts a double to a decimal; write round(..., 4): {_shown(node)}"
        whole_days = isinstance(inner, exp.DateTrunc | exp.TimestampTrunc) and file.kinds.kind(inner.this) == "DATE"
        if wanted == "DATE" and found == "TIMESTAMP" and not whole_days and not file.is_mapping:
            yield f"cuts a UTC time to a date; read its business date column instead: {_shown(node)}"


def replace_everywhere(file: SqlFile) -> Iterator[str]:
    """`regexp_replace` says 'g': without it DuckDB replaces the first match, others all."""
    for node in file.tree.find_all(exp.RegexpReplace):
        modifiers = node.args.get("modifiers")
        if modifiers is None or "g" not in modifiers.name:
            yield f"regexp_replace without 'g': {_shown(node)}"


def one_row_by_total_order(file: SqlFile) -> Iterator[str]:
    """Where one row is picked or rows are numbered, the order leaves no ties: partition and order hold a key of the rows."""
    for select in file.tree.find_all(exp.Select):
        rows = file.keys.rows(select)
        group = select.args.get("group")
        grouped = [part for part in (group.expressions if group else ()) if isinstance(part, exp.Column)]
        before = file.keys.source(select)
        for node in select.find_all(exp.Window, *_PICKS_ONE, *_KEEPS_ORDER):
            if node.find_ancestor(exp.Select) is not select:
                continue
            if isinstance(node, exp.Window):
                relation, partition = rows, node.args.get("partition_by") or []
                order = _order_terms(node.args.get("order"))
                picks = isinstance(_bare(node.this), _PICKS_BY_ORDER) or (
                    node.args.get("spec") and _is_rows_frame(node)
                )
                value = None if isinstance(_bare(node.this), exp.RowNumber | exp.Ntile) else _bare(node.this).this
            else:
                relation, partition = before, grouped
                order = [node.expression] if isinstance(node, _PICKS_ONE) else _order_terms(node.find(exp.Order))
                picks = True
                value = node.this.this if isinstance(node.this, exp.Order) else node.this
            if picks and not _is_total(relation, [*partition, *order]) and not _is_told_by_order(value, order):
                yield f"picks or numbers rows by an order that leaves ties; add a key of the rows to it: {_shown(node)}"
        if (select.args.get("limit") or _distinct_on(select)) and not _is_total(
            rows, [*_distinct_on(select), *_order_terms(select.args.get("order"))]
        ):
            yield "keeps some rows (limit, distinct on) by an order that leaves ties; add a key of the rows to it"


def _bare(node: exp.Expr) -> exp.Expr:
    return node.this if isinstance(node, exp.IgnoreNulls | exp.Filter | exp.RespectNulls) else node


def _order_terms(order: exp.Expr | None) -> list[exp.Expr]:
    return [term.this for term in order.expressions] if order is not None else []


def _distinct_on(select: exp.Select) -> list[exp.Expr]:
    distinct = select.args.get("distinct")
    on = distinct.args.get("on") if distinct is not None else None
    return list(on.expressions) if on is not None else []


def _is_rows_frame(window: exp.Window) -> bool:
    return str(window.args["spec"].args.get("kind")).upper() == "ROWS"


def _is_total(relation: Relation, terms: list[exp.Expr]) -> bool:
    held = {relation.term(part) for part in terms if isinstance(part, exp.Column)} | relation.constant
    return any(key <= held for key in relation.keys)


def _is_told_by_order(value: exp.Expr | None, order: list[exp.Expr]) -> bool:
    """Return whether rows that tie have the same value: then it does not matter which is taken."""
    return value is not None and any(value == term for term in order)


def no_positional_join(file: SqlFile) -> Iterator[str]:
    """Rows have no order, so they cannot be joined by it."""
    for join in file.tree.find_all(exp.Join):
        if join.method == "POSITIONAL":
            yield f"joins by position; rows have no order: {_shown(join)}"


_UNPORTABLE: tuple[tuple[type[exp.Expr], Callable[[Any], bool], str, str], ...] = (
    (exp.Join, lambda node: node.method == "ASOF", "an ASOF join", "a join lateral or row_number()"),
    (
        exp.GenerateSeries,
        lambda node: bool(node.find_ancestor(exp.From, exp.Join)),
        "generate_series in FROM",
        "a calendar table",
    ),
    (exp.WithinGroup, lambda _: True, "percentile_cont", "quantile_cont"),
    (exp.Columns, lambda _: True, "COLUMNS()", "the columns themselves"),
    (exp.Star, lambda node: bool(node.args.get("replace")), "* REPLACE", "the columns themselves"),
    (exp.WindowSpec, lambda node: str(node.args.get("kind")).upper() == "GROUPS", "a GROUPS frame", "a RANGE frame"),
    (exp.Slice, lambda _: True, "a list slice", "list functions"),
    (exp.Pivot, lambda _: True, "PIVOT", "aggregates with filter"),
    (exp.SetOperation, lambda node: bool(node.args.get("by_name")), "UNION BY NAME", "the columns in order"),
)


def portable(file: SqlFile) -> Iterator[str]:
    """Only what Spark has too, unless the header says `-- duckdb-only: reason`."""
    if not file.duckdb_only:
        for node_type, is_meant, what, instead in _UNPORTABLE:
            if any(is_meant(node) for node in file.tree.find_all(node_type)):
                yield f"uses {what}; write {instead}, or say '-- duckdb-only: reason'"


def no_undated_feature(file: SqlFile) -> Iterator[str]:
    """A value that changes without a date (a status) is never a feature."""
    if file.layer == "feature":
        for name in sorted({node.name for node in file.tree.find_all(exp.Column)}):
            if name in COLUMNS and COLUMNS[name].changes:
                yield f"reads {name}, which changes without a date: what it was at as_of is not known"


RULES = (
    no_clock_no_chance,
    no_bare_division,
    dates_are_subtracted_as_dates,
    parameters_meet_dates,
    no_rounding_cast,
    replace_everywhere,
    one_row_by_total_order,
    no_positional_join,
    portable,
    no_undated_feature,
)


def lint(query: Query) -> list[str]:
    """Return what is wrong with the file of a table, each with its file and what to write instead."""
    file = SqlFile(f"{query.layer}/{query.path.name}", query.layer, parse(query.path), query.duckdb_only is not None)
    messages = _apply(file)
    try:
        check_layers(query)
    except QueryError as error:
        messages.append(str(error))
    return messages


def lint_mapping(mapping: Mapping) -> list[str]:
    """Return what is wrong with a mapping file."""
    return lint_mapping_file(mapping.path)


def lint_mapping_file(path: Path) -> list[str]:
    """Return what is wrong with a mapping file, read by its path."""
    _, entries = read_header(path)
    file = SqlFile(f"{path.parent.name}/{path.name}", "mapping", parse(path), "duckdb-only" in entries)
    told = {one_row_by_total_order} if "total-order" in entries else set()
    return _apply(file, tuple(rule for rule in RULES if rule not in told))


def _apply(file: SqlFile, rules: tuple[Callable[[SqlFile], Iterator[str]], ...] = RULES) -> list[str]:
    return [f"{file.name}: {message}" for rule in rules for message in rule(file)]
