"""The reference of all tables, from contracts and SQL files: `docs/tables.md` and `trellis tables`."""

from assets.stored_layout import stored_columns
from assets.warehouse import open_in_memory
from contracts.columns import COLUMNS
from contracts.outputs import TABLES
from contracts.settings import FIRST_PARTITION
from contracts.sources import SOURCES
from sql.queries import LAYERS, load_queries

_HEAD = """\
# Tables

Every table of the warehouse: what a row is, how it is kept, what it is made from, and what its columns mean.
Written by `make docs` from `contracts/` and `sql/`; a test compares it. Change those, not this page.
"""


def _columns_of_tables() -> dict[str, tuple[str, ...]]:
    """Return table -> columns; those of SQL tables by building them empty."""
    columns = {f"bronze.{contract.name}": stored_columns(contract) for contract in SOURCES.values()}
    columns |= {table.name: table.columns for table in TABLES.values()}
    parameters = {"as_of": FIRST_PARTITION, "horizon_days": 28}
    with open_in_memory() as warehouse:
        for query in load_queries().values():
            warehouse.build(query, parameters)
            rows = warehouse.connection.execute(f"describe {query.table}").fetchall()
            columns[query.table] = tuple(row[0] for row in rows)
    return columns


def _facts(table: str) -> tuple[str, str, str]:
    """Return description, grain and where the table is made."""
    queries = load_queries()
    if table in queries:
        query = queries[table]
        made = f"`sql/{query.layer}/{query.name}.sql` ({query.kind}) from {', '.join(query.inputs)}"
        return query.description, ", ".join(query.grain), made
    if table in TABLES:
        contract = TABLES[table]
        room = "assets/ingest/" if table.startswith("bronze.") else "assets/"
        return contract.description, ", ".join(contract.grain), f"Python in `{room}`"
    source = SOURCES[table.removeprefix("bronze.")]
    return (
        source.description,
        ", ".join(source.key),
        "`assets/ingest/` from landing files; contract in `contracts/sources.py`",
    )


def reference_page() -> str:
    """Return the whole reference as Markdown."""
    lines = [_HEAD]
    columns = _columns_of_tables()
    for layer in LAYERS:
        lines.append(f"\n## {layer}\n")
        for table in sorted(name for name in columns if name.split(".")[0] == layer):
            description, grain, made = _facts(table)
            lines += [f"\n### {table}\n", description, "", f"Grain: {grain}. Made by {made}.", ""]
            lines += ["| column | type | unit | meaning |", "|---|---|---|---|"]
            for name in columns[table]:
                column = COLUMNS[name]
                lines.append(f"| {name} | {column.type} | {column.unit or ''} | {column.description} |")
    return "\n".join(lines) + "\n"


def describe(table: str | None) -> str:
    """Return the list of tables, or one table's grain, origin and columns, as plain text.

    Raises:
        FileNotFoundError: there is no such table.
    """
    columns = _columns_of_tables()
    if table is None:
        return "\n".join(f"{name:<28}{_facts(name)[0].split('. ')[0]}" for name in columns)
    if table not in columns:
        message = f"no table {table!r}; `trellis tables` lists them"
        raise FileNotFoundError(message)
    description, grain, made = _facts(table)
    rows = [f"  {name:<28}{COLUMNS[name].type:<15}{COLUMNS[name].description}" for name in columns[table]]
    return "\n".join([table, description, f"Grain: {grain}", f"Made by {made}", "", *rows])
