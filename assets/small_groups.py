"""Keeps groups of too few people out of published break-downs.

What pages mark or hide inside a table that is shown belongs to `service/small_cells.py`.
"""

PEOPLE = {
    "report.cohort_value": "cohort_users_count",
    "report.retention": "cohort_users_count",
    "report.retention_curve": "cohort_users_count",
}
"""Published break-downs by `dimension`, and the column that counts the people a row is about.

The other reports are of everybody, or keep small groups together themselves (`report.funnel`, `report.channel_attribution`).
"""


def is_large_enough(table: str) -> str | None:
    """Return the SQL condition, with parameter `$below`, for rows that may leave; None where every row may.

    Rows of the dimension `all` stay: pages need them to say `<10`, and they name no group of people.
    """
    people = PEOPLE.get(table)
    return f"(dimension = 'all' or {people} >= $below)" if people else None
