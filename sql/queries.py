"""Reads the SQL files: what each makes, from what, with which parameters and promises. The only importer of sqlglot.

Running the files belongs to `assets/warehouse.py`; the lint of the syntax tree to `sql/lint.py`, which goes through
`parse` here; mapping files to `sql/mappings.py`.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

SQL_ROOT = Path(__file__).parent
LAYERS = ("bronze", "core", "feature", "label", "score", "segment", "report")
SQL_LAYERS = ("core", "feature", "label", "segment", "report")
PARAMETERS = ("as_of", "horizon_days", "received_at", "from_date", "until_date")
STALE_USERS = "bronze.stale_users"
_HEADER_LINE = re.compile(r"^--\s?(?:(?P<key>[a-z][a-z_-]*):\s*(?P<value>.*)|(?P<text>.*))$")
_PARAMETER = re.compile(r"\$([a-z_]+)")
_KEYS = (
    "grain", "assert", "partition", "lookback", "reach", "periods", "tells", "by", "duckdb-only", "reads-itself",
    "may-be-empty", "view", "policy",
)  # fmt: skip
_PERIODS = ("week", "month")
_POLICY = re.compile(r"^(?P<name>[a-z_]+) = (?P<number>\d+(?:\.\d+)?)$")

Kind = Literal["full", "incremental", "by_user", "snapshot", "view"]


class QueryError(ValueError):
    """A SQL file breaks the rules of the house; the message says which file, what, and what to do."""


@dataclass(frozen=True)
class Query:
    """One SQL file = one table.

    `inputs` are the tables it reads, as `layer.table`, parsed from the text; `grain` the columns that identify a row;
    `asserts` SQL booleans that hold for every row; `partition` the date column of an incremental table, or of a view
    that is checked by date;
    `lookback_days` how far a changed date reaches; `reaches_onward` that it reaches all later dates; `periods` the types of
    period whose first day is the partition; `may_be_empty` the stated reason why no rows may be right. `tells_changes` says
    that builds compare its rows before and after, and tell its readers only of dates and users that have changed.
    `is_by_user` that the rows of those users alone are built anew: they stand in `bronze.stale_users`.
    `policy` holds the numbers of headers `-- policy: name = number`, for which the text says `$name`: in `sql` they are
    filled in, in `question` they stand as parameters, so that the same rules can be asked for other numbers.
    """

    layer: str
    name: str
    path: Path
    sql: str
    description: str
    grain: tuple[str, ...]
    asserts: tuple[str, ...]
    partition: str | None
    lookback_days: int
    reaches_onward: bool
    periods: tuple[str, ...]
    tells_changes: bool
    is_by_user: bool
    parameters: frozenset[str]
    inputs: tuple[str, ...]
    reads_itself: bool
    may_be_empty: str | None
    duckdb_only: str | None
    view: str | None
    policy: dict[str, str]
    question: str

    @property
    def table(self) -> str:
        """The table it makes, as `layer.name`."""
        return f"{self.layer}.{self.name}"

    @property
    def kind(self) -> Kind:
        """How the table is kept: `full`, `incremental` (by date), `by_user`, `snapshot` (by as_of) or not at all (`view`)."""
        if self.view:
            return "view"
        if self.is_by_user:
            return "by_user"
        if self.partition:
            return "incremental"
        return "snapshot" if "as_of" in self.grain else "full"

    @property
    def version(self) -> str:
        """Eight hex digits that change when the text of the file changes."""
        return hashlib.sha256(self.sql.encode()).hexdigest()[:8]


def read_header(path: Path) -> tuple[str, dict[str, list[str]]]:
    """Return the description and the `-- key: value` entries of the comment block at the top of a SQL file."""
    sentences: list[str] = []
    entries: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        match = _HEADER_LINE.match(line)
        if not match:
            break
        if match["key"]:
            entries.setdefault(match["key"], []).append(match["value"].strip())
        else:
            sentences.append(match["text"].strip())
    return " ".join(sentence for sentence in sentences if sentence), entries


def parse(path: Path) -> exp.Expr:
    """Return the syntax tree of the one statement in the file.

    Raises:
        QueryError: the file does not parse, or holds more or less than one SELECT.
    """
    try:
        statements = sqlglot.parse(path.read_text(encoding="utf-8"), read="duckdb")
    except ParseError as error:
        message = f"{path.name}: does not parse as DuckDB SQL: {error}"
        raise QueryError(message) from error
    statements = [statement for statement in statements if statement is not None]
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        message = f"{path.name}: holds {len(statements)} statements; write exactly one SELECT"
        raise QueryError(message)
    return statements[0]


def tables_read(tree: exp.Expr, path: Path) -> tuple[str, ...]:
    """Return the sorted `schema.table` names the tree reads; a bare name must be a CTE.

    Raises:
        QueryError: a bare table name that no CTE defines.
    """
    ctes = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    inputs = set()
    for table in tree.find_all(exp.Table):
        if table.args.get("db"):
            inputs.add(f"{table.db}.{table.name}")
        elif table.name and table.name not in ctes:
            message = (
                f"{path.name}: reads {table.name!r}, which is neither a CTE nor a table with its layer (layer.table)"
            )
            raise QueryError(message)
    return tuple(sorted(inputs))


def load_query(path: Path) -> Query:
    """Read one file of `sql/<layer>/<table>.sql`.

    Raises:
        QueryError: an unknown header key or parameter, a missing grain, or an input that does not parse.
    """
    layer, name = path.parent.name, path.stem
    description, entries = read_header(path)
    unknown = sorted(set(entries) - set(_KEYS))
    if unknown:
        message = f"{layer}/{path.name}: unknown header {', '.join(unknown)}; known are {', '.join(_KEYS)}"
        raise QueryError(message)
    if "grain" not in entries or not description.startswith("One row per "):
        message = f"{layer}/{path.name}: the header must begin with 'One row per ...' and hold '-- grain: columns'"
        raise QueryError(message)
    question = path.read_text(encoding="utf-8").strip().rstrip(";")
    policy = _read_policy(path, entries.get("policy", []))
    sql = _PARAMETER.sub(lambda found: policy.get(found[1], found[0]), question)
    body = "\n".join(line for line in sql.splitlines() if not line.lstrip().startswith("--"))
    parameters = frozenset(_PARAMETER.findall(body))
    if parameters - set(PARAMETERS):
        unknown = sorted(parameters - set(PARAMETERS))
        message = f"{layer}/{path.name}: unknown parameter ${', $'.join(unknown)}; known are ${', $'.join(PARAMETERS)}"
        raise QueryError(message)
    inputs = tables_read(parse(path), path)
    itself = f"{layer}.{name}"
    if itself in inputs and "reads-itself" not in entries:
        message = f"{layer}/{path.name}: reads its own table; say why in '-- reads-itself: reason'"
        raise QueryError(message)
    query = Query(
        layer=layer,
        name=name,
        path=path,
        sql=sql,
        description=description,
        grain=tuple(part.strip() for part in entries["grain"][0].split(",")),
        asserts=tuple(entries.get("assert", ())),
        partition=entries.get("partition", [None])[0],
        lookback_days=int(entries.get("lookback", ["0"])[0]),
        reaches_onward=_one_of(path, "reach", entries, ("onward",)) != (),
        periods=_one_of(path, "periods", entries, _PERIODS),
        tells_changes=_one_of(path, "tells", entries, ("changes",)) != (),
        is_by_user=_one_of(path, "by", entries, ("user",)) != (),
        parameters=parameters,
        inputs=tuple(table for table in inputs if table != itself),
        reads_itself=itself in inputs,
        may_be_empty=entries.get("may-be-empty", [None])[0],
        duckdb_only=entries.get("duckdb-only", [None])[0],
        view=entries.get("view", [None])[0],
        policy=policy,
        question=question,
    )
    _check_kind(query)
    return query


def _read_policy(path: Path, entries: list[str]) -> dict[str, str]:
    """Return name -> number as it is written, of the headers `-- policy: name = number`."""
    policy = {}
    for entry in entries:
        match = _POLICY.match(entry)
        if not match or f"${match['name']}" not in path.read_text(encoding="utf-8"):
            message = f"{path.parent.name}/{path.name}: '-- policy: {entry}' must be `name = number`, and the text must say $name"
            raise QueryError(message)
        policy[match["name"]] = match["number"]
    return policy


def _one_of(path: Path, key: str, entries: dict[str, list[str]], allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of a header `-- key: word, word`; none when it is not there."""
    words = tuple(word.strip() for entry in entries.get(key, []) for word in entry.split(","))
    if set(words) - set(allowed):
        message = f"{path.parent.name}/{path.name}: '-- {key}: {', '.join(words)}' must be of {', '.join(allowed)}"
        raise QueryError(message)
    return words


def _check_kind(query: Query) -> None:
    needs = {"incremental": {"from_date", "until_date"}, "snapshot": {"as_of"}}.get(query.kind, set())
    if not needs <= query.parameters:
        missing = ", ".join(f"${name}" for name in sorted(needs - query.parameters))
        message = f"{query.layer}/{query.path.name}: a table of kind {query.kind} must use {missing}"
        raise QueryError(message)
    if query.is_by_user != (STALE_USERS in query.inputs) or (query.is_by_user and "user_key" not in query.grain):
        message = (
            f"{query.layer}/{query.path.name}: a table headed '-- by: user', and no other, has user_key in its grain and "
            f"takes its users from {STALE_USERS}"
        )
        raise QueryError(message)
    if query.tells_changes and (query.kind != "incremental" or "user_key" not in query.grain):
        message = (
            f"{query.layer}/{query.path.name}: '-- tells: changes' is for tables by date with user_key in the grain"
        )
        raise QueryError(message)
    if query.kind != "snapshot" and {"as_of", "horizon_days"} & query.parameters:
        message = f"{query.layer}/{query.path.name}: uses $as_of but as_of is not in its grain"
        raise QueryError(message)


@cache
def load_queries() -> dict[str, Query]:
    """Return every table made by SQL, `layer.table` -> `Query`, in an order in which inputs come first.

    Raises:
        QueryError: a file breaks the rules, tables read each other in a circle, or a layer reads a later one.
    """
    queries = {}
    for layer in SQL_LAYERS:
        for path in sorted((SQL_ROOT / layer).glob("*.sql")):
            query = load_query(path)
            queries[query.table] = query
    for query in queries.values():
        check_layers(query)
    graph = {query.table: [table for table in query.inputs if table in queries] for query in queries.values()}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        message = f"sql/: tables read each other in a circle: {' -> '.join(error.args[1])}"
        raise QueryError(message) from error
    return {table: queries[table] for table in sorted(order, key=lambda table: LAYERS.index(table.split(".")[0]))}


def check_layers(query: Query) -> None:
    """Check that a file reads its own or earlier layers only, and labels for reports only.

    Raises:
        QueryError: it reads an unknown or later layer, or labels where they may not be read.
    """
    own = LAYERS.index(query.layer)
    for table in query.inputs:
        layer = table.split(".")[0]
        if layer not in LAYERS:
            message = f"{query.layer}/{query.path.name}: reads {table}; there is no layer {layer!r}"
            raise QueryError(message)
        if LAYERS.index(layer) > own:
            message = f"{query.layer}/{query.path.name}: reads {table} of a later layer"
            raise QueryError(message)
        if layer == "label" and query.layer not in {"report", "label"}:
            message = f"{query.layer}/{query.path.name}: reads {table}; only training and report may read labels"
            raise QueryError(message)
