"""A home of an earlier version, in which a table was a view or a view a table, is built on without complaint."""

from assets.warehouse import open_in_memory
from sql.queries import load_queries


def test_a_table_takes_the_place_of_a_view_and_a_view_that_of_a_table():
    queries = load_queries()
    users, groups, products = (queries[f"core.{name}"] for name in ("users", "user_group", "products"))
    assert (groups.kind, products.kind) == ("view", "full")
    with open_in_memory() as warehouse:
        warehouse.connection.execute("create view core.products as select 1 as old")
        warehouse.connection.execute("create table core.user_group as select 1 as old")
        for query in (products, users, groups, groups, products):
            assert warehouse.build(query, {}).rows == 0
        assert warehouse.value("select count(*) from duckdb_views() where view_name = 'user_group'") == 1
        assert (
            warehouse.value(
                "select count(*) from duckdb_tables() where table_name = 'products' and schema_name = 'core'"
            )
            == 1
        )
