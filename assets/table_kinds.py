"""Makes way for a table of the SQL files that was a view in an earlier version, or the other way round.

How tables are built belongs to `assets/warehouse.py`.
"""

from assets.landing.engine import Connection
from sql.queries import Query


def make_way(connection: Connection, query: Query) -> None:
    """Drop what is stored under the query's name if it is of the other kind: the engine replaces none by the other."""
    is_view = query.kind == "view"
    stored, listing, name = (
        ("table", "duckdb_tables()", "table_name") if is_view else ("view", "duckdb_views()", "view_name")
    )
    found = connection.execute(
        f"select count(*) from {listing} where schema_name = $1 and {name} = $2", [query.layer, query.name]
    ).fetchone()
    if found and found[0]:
        connection.execute(f"drop {stored} {query.table}")
