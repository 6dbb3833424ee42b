"""What kind of value an expression yields, as far as its text and the dictionary tell: enough for the lint, no more.

DuckDB itself says the exact types when the files are bound; here the question is only which operand is a double, a
decimal, a date or a timestamp *inside* an expression.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from contracts.columns import COLUMNS
from contracts.contract import Column
from sql.queries import exp

Kind = Literal["BOOLEAN", "INTEGER", "DECIMAL", "DOUBLE", "DATE", "TIMESTAMP", "VARCHAR"]

PARAMETER_KINDS: dict[str, Kind] = {
    "as_of": "DATE",
    "from_date": "DATE",
    "until_date": "DATE",
    "received_at": "TIMESTAMP",
    "horizon_days": "INTEGER",
}
_TYPE_NAMES: dict[Kind, tuple[str, ...]] = {
    "BOOLEAN": ("BOOLEAN",),
    "INTEGER": ("TINYINT", "SMALLINT", "INT", "INTEGER", "BIGINT", "HUGEINT", "INT128", "UBIGINT", "UINT"),
    "DECIMAL": ("DECIMAL",),
    "DOUBLE": ("DOUBLE", "FLOAT", "REAL"),
    "DATE": ("DATE",),
    "TIMESTAMP": ("TIMESTAMP",),
    "VARCHAR": ("VARCHAR", "TEXT"),
}
_SAME_AS_ARGUMENT = (
    exp.Abs, exp.AnyValue, exp.ArgMax, exp.ArgMin, exp.Ceil, exp.Distinct, exp.Filter, exp.First, exp.FirstValue, exp.Floor,
    exp.IgnoreNulls, exp.Lag, exp.Last, exp.LastValue, exp.Lead, exp.Max, exp.Min, exp.Neg, exp.NthValue, exp.Nullif,
    exp.Order, exp.Paren, exp.Round, exp.Sum, exp.Window,
)  # fmt: skip
_DOUBLE = (
    exp.Avg, exp.CumeDist, exp.Div, exp.Exp, exp.Ln, exp.Log, exp.Median, exp.PercentRank, exp.PercentileCont, exp.Pow, exp.Sqrt,
    exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop,
)  # fmt: skip
_INTEGER = (
    exp.Count, exp.CountIf, exp.DateDiff, exp.DenseRank, exp.Extract, exp.IntDiv, exp.Length, exp.Ntile, exp.Rank, exp.RowNumber,
)  # fmt: skip
_BOOLEAN = (exp.Boolean, exp.Predicate, exp.Connector, exp.Not)
_TEXT = (
    exp.Concat,
    exp.ConcatWs,
    exp.DPipe,
    exp.Lower,
    exp.RegexpReplace,
    exp.Substring,
    exp.TimeToStr,
    exp.Trim,
    exp.Upper,
)
_ALWAYS: dict[Kind, tuple[type[exp.Expr], ...]] = {
    "DOUBLE": _DOUBLE,
    "INTEGER": _INTEGER,
    "BOOLEAN": _BOOLEAN,
    "VARCHAR": _TEXT,
    "TIMESTAMP": (exp.DateTrunc, exp.TimestampTrunc),
}
_DOUBLE_NAMES = {"epoch", "isfinite", "corr", "entropy"}


def kind_of_type(name: str) -> Kind | None:
    """Return the kind of a SQL type as the dictionary or a cast writes it."""
    upper = name.upper()
    plain = "TIMESTAMP" if upper.startswith("TIMESTAMP") else upper.partition("(")[0]
    return next((kind for kind, names in _TYPE_NAMES.items() if plain in names), None)


def widest(kinds: Iterable[Kind | None]) -> Kind | None:
    """Return the kind that holds all of them: double over decimal over integer; None where they do not mix."""
    found = set(kinds)
    if len(found) == 1:
        return found.pop()
    for kind in ("DOUBLE", "DECIMAL"):
        if kind in found and found <= {"DOUBLE", "DECIMAL", "INTEGER"}:
            return kind
    return None


def _aliases_above(node: exp.Expr) -> set[int]:
    found = set()
    above = node.find_ancestor(exp.Alias)
    while above is not None:
        found.add(id(above))
        above = above.find_ancestor(exp.Alias)
    return found


class KindReader:
    """Kinds of the expressions of one file; a name means the same wherever it stands in it."""

    def __init__(self, tree: exp.Expr, *, known: Mapping[str, Column] = COLUMNS) -> None:
        """Collect what the file itself names; a name with two kinds, and no entry in the dictionary, has none.

        `known` is empty for mapping files: what lands is text, whatever it is called.
        """
        self.known = known
        self.local: dict[str, list[exp.Alias]] = {}
        self.open: set[str] = set()
        self.readers: dict[type | tuple[type, ...], Callable[[Any], Kind | None]] = {
            exp.Column: self._of_column,
            exp.Placeholder: lambda node: PARAMETER_KINDS.get(node.name),
            exp.Literal: _of_literal,
            exp.Cast: lambda node: kind_of_type(node.to.sql("duckdb")),
            exp.Anonymous: lambda node: "DOUBLE" if node.name.lower() in _DOUBLE_NAMES else None,
            (exp.Add, exp.Sub): self._of_sum,
            (exp.Mul, exp.Mod): lambda node: self._of_values([node.this, node.expression]),
            (exp.Coalesce, exp.Greatest, exp.Least): lambda node: self._of_values([node.this, *node.expressions]),
            exp.Case: lambda node: self._of_values(
                [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")]
            ),
            _SAME_AS_ARGUMENT: lambda node: self.kind(node.this),
        }
        for alias in tree.find_all(exp.Alias):
            self.local.setdefault(alias.alias, []).append(alias)

    def kind(self, node: exp.Expr | None) -> Kind | None:
        """Return the kind of a node, or None when the text alone does not tell."""
        for answer, nodes in _ALWAYS.items():
            if isinstance(node, nodes):
                return answer
        for nodes, read in self.readers.items():
            if isinstance(node, nodes):
                return read(node)
        return None

    def _of_column(self, column: exp.Column) -> Kind | None:
        name = column.name
        if name in self.known:
            return kind_of_type(self.known[name].type)
        if name in self.open:
            return None  # defined by itself, as in a recursive CTE
        above = _aliases_above(column)  # in `f(x) as x` the inner x is the source's
        self.open.add(name)
        found = widest(self.kind(alias.this) for alias in self.local.get(name, ()) if id(alias) not in above)
        self.open.discard(name)
        return found

    def _of_sum(self, node: exp.Add | exp.Sub) -> Kind | None:
        left, right = self.kind(node.this), self.kind(node.expression)
        if isinstance(node, exp.Sub) and left == right == "DATE":
            return "INTEGER"
        if left in ("DATE", "TIMESTAMP"):
            return "DATE" if left == "DATE" and right == "INTEGER" else "TIMESTAMP"
        return widest((left, right))

    def _of_values(self, nodes: list[exp.Expr | None]) -> Kind | None:
        return widest(self.kind(node) for node in nodes if node is not None and not isinstance(node, exp.Null))


def _of_literal(node: exp.Literal) -> Kind:
    if node.is_string:
        return "VARCHAR"
    return "DECIMAL" if "." in node.name else "INTEGER"
