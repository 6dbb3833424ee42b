"""Published break-downs name no group of fewer people than allowed, and say how many rows that keeps out."""

from assets.small_groups import PEOPLE, is_large_enough
from assets.warehouse import open_in_memory
from contracts.outputs import TABLES
from sql.queries import load_queries


def test_only_large_groups_and_everybody_stay():
    with open_in_memory() as warehouse:
        condition = is_large_enough("report.retention")
        rows = warehouse.connection.execute(
            f"""
            with cells as (
                select * from (values ('all', 'all', 3), ('region', 'north', 9), ('region', 'south', 10))
                as t(dimension, dimension_value, cohort_users_count)
            )
            select dimension_value from cells where {condition} order by 1
            """,
            {"below": 10},
        ).fetchall()
    assert rows == [("all",), ("south",)]


def test_every_report_by_dimension_is_judged_or_judges_itself():
    own = {"report.funnel", "report.active_hours", "report.channel_attribution", "report.acquisition_cost"}
    by_dimension = {
        table for table, query in load_queries().items() if query.layer == "report" and "dimension" in query.grain
    }
    by_dimension |= {
        name for name, table in TABLES.items() if name.startswith("report.") and "dimension" in table.grain
    }
    assert by_dimension - own == set(PEOPLE)
    assert is_large_enough("report.lifecycle") is None
