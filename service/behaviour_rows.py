"""Published behaviour reports as typed rows: active users, lifecycle, retention, funnels.

Belongs here: the queries. Does not belong here: what may be shown of them, and how (`behaviour.py`).
"""

from dataclasses import dataclass
from datetime import date

from service.published import Version, rows_of


@dataclass(frozen=True)
class ActiveDay:
    """Users active on a day, in the 7 and the 30 days that end with it; the stickiness."""

    day: date
    active: int
    active_7d: int
    active_30d: int
    stickiness: float | None


@dataclass(frozen=True)
class LifecycleWeek:
    """Where the active users of a week came from and how many left."""

    week: date
    is_complete: bool
    active: int
    new: int
    returning: int
    resurrecting: int
    dormant: int
    quick_ratio: float | None


@dataclass(frozen=True)
class RetentionCell:
    """How many of a cohort were active in a period since their first."""

    cohort: date
    offset: int
    size: int
    on: int
    is_complete: bool


@dataclass(frozen=True)
class FunnelStep:
    """How many users of a group reached a step of a declared funnel."""

    funnel: str
    definition: str
    dimension: str
    group: str
    number: int
    name: str
    users: int
    median_s: float | None


def active_days(version: Version, *, days: int) -> list[ActiveDay]:
    """One row per day by activity, oldest first, the newest `days` of them."""
    rows = rows_of(
        version,
        "tables/report.active_users_day.parquet",
        f"""
        select activity_date, active_users_count, active_users_7d, active_users_30d, stickiness
        from published where activity_basis = 'activity' order by activity_date desc limit {days:d}
        """,  # noqa: S608  a whole number
    )
    return [ActiveDay(*row) for row in reversed(rows)]


def lifecycle_weeks(version: Version, *, weeks: int) -> list[LifecycleWeek]:
    """One row per week by activity, oldest first, the newest `weeks` of them."""
    rows = rows_of(
        version,
        "tables/report.lifecycle.parquet",
        f"""
        select
            period_date, is_complete, active_users_count, new_users_count, returning_users_count,
            resurrecting_users_count, dormant_users_count, quick_ratio
        from published where activity_basis = 'activity' and period_type = 'week' order by period_date desc limit {weeks:d}
        """,  # noqa: S608  a whole number
    )
    return [LifecycleWeek(*row) for row in reversed(rows)]


def retention_cells(version: Version, *, basis: str, period: str) -> list[RetentionCell]:
    """Every cell of one basis and period type without a break-down, by cohort and period since."""
    rows = rows_of(
        version,
        "tables/report.retention.parquet",
        f"""
        select cohort_date, period_offset, cohort_users_count, on_users_count, is_complete
        from published
        where dimension = 'all' and activity_basis = '{basis}' and period_type = '{period}'
        order by cohort_date, period_offset
        """,  # noqa: S608  words of our own
    )
    return [RetentionCell(*row) for row in rows]


def funnel_steps(version: Version) -> list[FunnelStep]:
    """Every step of every declared funnel, the whole and its groups."""
    rows = rows_of(
        version,
        "tables/report.funnel.parquet",
        """
        select funnel, funnel_definition, dimension, dimension_value, step_number, step_name, users_count, convert_median_s
        from published order by funnel, dimension, dimension_value, step_number
        """,
    )
    return [FunnelStep(*row) for row in rows]
