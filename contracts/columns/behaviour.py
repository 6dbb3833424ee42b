"""Columns of the behaviour reports: active users, retention, funnels, paths, attribution, association, rhythm, profiles."""

from contracts.contract import Column

COLUMNS = (
    # --- active users -------------------------------------------------------------------------------------------
    Column(
        "activity_basis",
        "VARCHAR",
        "What counts as activity: activity (an event but push_open, or an order), order (paid).",
    ),
    Column("first_activity_date", "DATE", "First day with an active user."),
    Column("last_activity_date", "DATE", "Last day with an active user."),
    Column("period_type", "VARCHAR", "Length of a period: day, week (from Monday), month."),
    Column("period_date", "DATE", "First day of the period."),
    Column(
        "is_complete", "BOOLEAN", "The whole window was seen; otherwise the row is still open and left out of means."
    ),
    Column("active_users_7d", "BIGINT", "Users active in the 7 days that end with the day.", unit="count"),
    Column("active_users_30d", "BIGINT", "Users active in the 30 days that end with the day.", unit="count"),
    Column("stickiness", "DOUBLE", "Users active that day over those of the trailing 30 days.", unit="share"),
    Column("engagement_state", "VARCHAR", "State of a user on a day: new, current, reactivated ... dormant."),
    Column("engaged_within_days", "INTEGER", "First limit of the engagement states.", unit="days"),
    Column("lapsed_after_days", "INTEGER", "Second limit of the engagement states.", unit="days"),
    Column("new_users_count", "BIGINT", "Users active for the first time ever in the data.", unit="count"),
    Column("returning_users_count", "BIGINT", "Users active in this period and the one before.", unit="count"),
    Column("resurrecting_users_count", "BIGINT", "Users active again after a period without.", unit="count"),
    Column("dormant_users_count", "BIGINT", "Users active in the period before and not in this one.", unit="count"),
    Column("previous_active_users_count", "BIGINT", "Users active in the period before.", unit="count"),
    Column("quick_ratio", "DOUBLE", "New and resurrecting users over dormant ones.", unit="ratio"),
    Column("active_days", "BIGINT", "Different days of the period with activity.", unit="days"),
)
