"""Which columns tell the rows of a SELECT apart, as far as its text proves it: the lint asks whether an order is total.

Keys of tables come from contracts and headers; keys of CTEs are derived. An unproven key is no key, so the answer may be
too small but never wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from contracts.outputs import TABLES
from contracts.sources import SOURCES
from sql.queries import exp, load_queries

Key = frozenset[str]
Term = tuple[str, str]  # alias of the relation, column


def table_keys(table: str) -> list[Key]:
    """Return the keys of `layer.table`; versions of one source key are told apart by their content hash."""
    layer, _, name = table.partition(".")
    if layer == "landing":
        return [frozenset({"_row"})]
    if layer == "bronze" and name in SOURCES:
        contract = SOURCES[name]
        return [frozenset((*contract.key, "row_hash") if contract.is_versioned else contract.key)]
    if table in TABLES:
        return [frozenset(TABLES[table].grain)]
    query = load_queries().get(table)
    return [frozenset(query.grain)] if query is not None and query.kind != "view" else []


@dataclass
class Relation:
    """Rows that a FROM clause yields: their keys as (alias, column), and the columns that are constant in it."""

    keys: list[frozenset[Term]] = field(default_factory=list)
    constant: set[Term] = field(default_factory=set)
    aliases: tuple[str, ...] = ()

    def term(self, column: exp.Column) -> Term:
        """Return which relation's column it is; a bare name belongs to the only relation, else to none that is known."""
        return (column.table or (self.aliases[0] if len(self.aliases) == 1 else "")), column.name


class KeyReader:
    """Keys of every SELECT of one file."""

    def __init__(self, tree: exp.Expr) -> None:
        """Derive the keys of the CTEs from the first to the last."""
        self.ctes: dict[str, list[Key]] = {}
        for cte in tree.find_all(exp.CTE, bfs=False):
            self.ctes[cte.alias] = self.keys(cte.this)

    def keys(self, node: exp.Expr | None) -> list[Key]:
        """Return the proven keys of a query's rows, in its output columns."""
        if isinstance(node, exp.Subquery | exp.Paren):
            return self.keys(node.this)
        if isinstance(node, exp.SetOperation):
            if node.args.get("distinct"):
                return [frozenset(node.named_selects)] if "*" not in node.named_selects else []
            return self.keys(node.left) if _are_disjoint(node.left, node.right) else []
        if not isinstance(node, exp.Select):
            return []
        relation = self.rows(node)
        found = [*relation.keys, *(frozenset(relation.term(part) for part in terms) for terms in _picked(node))]
        out = _output_names(node, relation)
        keys = [frozenset(out[term] for term in key) for key in found if all(term in out for term in key)]
        keys += _grouped(node)
        if node.args.get("distinct") and not any(isinstance(item, exp.Star) for item in node.expressions):
            keys.append(frozenset(item.alias_or_name for item in node.expressions))
        return keys

    def rows(self, select: exp.Select) -> Relation:
        """Return the rows that windows, aggregates and QUALIFY of a SELECT see: of FROM and JOINs, or its groups."""
        relation = self.source(select)
        group = select.args.get("group")
        if group is not None:
            terms = [relation.term(part) for part in group.expressions if isinstance(part, exp.Column)]
            whole = len(terms) == len(group.expressions)
            relation.keys = [frozenset(terms) - relation.constant] if whole else []
        elif any(_aggregates(item) for item in select.expressions):
            relation.keys = [frozenset()]
        return relation

    def source(self, select: exp.Select) -> Relation:
        """Return the rows of FROM and JOINs before any grouping; constants of WHERE and ON need no place in a key."""
        start = select.args.get("from_")
        if start is None:
            return Relation(keys=[frozenset()])
        relation = self._one(start.this)
        for join in select.args.get("joins") or ():
            other = self._one(join.this)
            met = {term for pair in _equalities(join.args.get("on")) for term in (relation.term(side) for side in pair)}
            fixed = _constants(join.args.get("on"), relation)
            relation.aliases += other.aliases
            if not any(key <= met | fixed for key in other.keys):
                relation.keys = [left | right for left in relation.keys for right in other.keys]
            if join.side in {"FULL", "RIGHT"}:
                relation.keys = []
            elif join.side != "LEFT":
                relation.constant |= fixed
        relation.constant |= _constants(select.args.get("where"), relation)
        relation.keys = [key - relation.constant for key in relation.keys]
        return relation

    def _one(self, node: exp.Expr) -> Relation:
        alias = node.alias_or_name
        if isinstance(node, exp.Table):
            keys = table_keys(f"{node.db}.{node.name}") if node.db else self.ctes.get(node.name, [])
        else:
            keys = self.keys(node)
        return Relation(keys=[frozenset((alias, name) for name in key) for key in keys], aliases=(alias,))


def _are_disjoint(first: exp.Expr, second: exp.Expr) -> bool:
    """Return whether both take the same columns of one table, the second only rows that the first leaves out: `not (...)`."""
    if not (isinstance(first, exp.Select) and isinstance(second, exp.Select)):
        return False
    taken, left_out = (tuple(_conjuncts(select.args.get("where"))) for select in (first, second))
    return (
        first.expressions == second.expressions
        and first.args.get("from_") == second.args.get("from_")
        and not any(select.args.get(part) for select in (first, second) for part in ("joins", "group", "distinct"))
        and any(isinstance(part, exp.Not) and tuple(_conjuncts(part.this)) == taken for part in left_out)
    )


def _conjuncts(node: exp.Expr | None) -> Iterator[exp.Expr]:
    if isinstance(node, exp.Where | exp.Paren):
        yield from _conjuncts(node.this)
    elif isinstance(node, exp.And):
        yield from _conjuncts(node.this)
        yield from _conjuncts(node.expression)
    elif node is not None:
        yield node


def _equalities(node: exp.Expr | None) -> Iterator[tuple[exp.Column, exp.Column]]:
    for part in _conjuncts(node):
        if isinstance(part, exp.EQ) and isinstance(part.this, exp.Column) and isinstance(part.expression, exp.Column):
            yield part.this, part.expression


def _constants(node: exp.Expr | None, relation: Relation) -> set[Term]:
    """Return the columns that the condition holds at one value."""
    found = set()
    for part in _conjuncts(node):
        if isinstance(part, exp.EQ):
            for column, value in ((part.this, part.expression), (part.expression, part.this)):
                if isinstance(column, exp.Column) and value.find(exp.Column) is None:
                    found.add(relation.term(column))
    return found


def _picked(select: exp.Select) -> Iterator[list[exp.Column]]:
    """Yield the PARTITION BY of every `qualify row_number() over (...) = 1`: one row of each is left."""
    qualify = select.args.get("qualify")
    for part in _conjuncts(qualify.this if qualify is not None else None):
        window = part.this if isinstance(part, exp.EQ) else None
        if isinstance(window, exp.Window) and isinstance(window.this, exp.RowNumber) and part.expression.name == "1":
            terms = window.args.get("partition_by") or []
            if all(isinstance(term, exp.Column) for term in terms):
                yield terms


def _grouped(select: exp.Select) -> Iterator[Key]:
    """Yield the output columns that hold all of GROUP BY, where an expression is grouped by."""
    group = select.args.get("group")
    parts = group.expressions if group is not None else []
    names = set()
    for part in parts:
        for item in select.expressions:
            made = item.this if isinstance(item, exp.Alias) else item
            by_alias = (
                isinstance(part, exp.Column)
                and part.name == item.alias
                and all(column.name != item.alias for column in made.find_all(exp.Column))
            )
            if made == part or by_alias:
                names.add((part, item.alias_or_name))
                break
    if parts and len(names) == len(parts):
        yield frozenset(name for _, name in names)


def _aggregates(node: exp.Expr) -> bool:
    """Return whether the expression folds many rows into one; a window does not."""
    return any(
        part.find_ancestor(exp.Window, exp.Select) is None or not _in_window(part)
        for part in node.find_all(exp.AggFunc)
    )


def _in_window(node: exp.Expr) -> bool:
    ancestor = node.find_ancestor(exp.Window, exp.Select)
    return isinstance(ancestor, exp.Window)


def _output_names(select: exp.Select, relation: Relation) -> dict[Term, str]:
    """Return under which name each column of the source leaves the SELECT; a star lets every one pass."""
    names: dict[Term, str] = {}
    for item in select.expressions:
        column = item.this if isinstance(item, exp.Alias) else item
        if isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star)):
            passing = {item.table} if isinstance(item, exp.Column) else set(relation.aliases)
            terms = {term for key in relation.keys for term in key} | {
                relation.term(part) for terms in _picked(select) for part in terms
            }
            names |= {term: term[1] for term in terms if term[0] in passing}
        elif isinstance(column, exp.Column):
            names[relation.term(column)] = item.alias_or_name
    return names
