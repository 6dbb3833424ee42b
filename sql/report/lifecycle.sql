-- One row per basis, period type (day, week, month) and period: where the active users came from and how many left.
-- new = active and first ever in the data; returning = active in this and the period before; resurrecting = active,
-- neither new nor in the period before; dormant = active in the period before, not in this one.
-- Quick ratio = (new + resurrecting) / dormant. Weeks begin on Monday. Population: signed-in users.
-- grain: activity_basis, period_type, period_date
-- assert: active_users_count = new_users_count + returning_users_count + resurrecting_users_count
-- assert: previous_active_users_count = returning_users_count + dormant_users_count
-- may-be-empty: nobody was active yet
with period_types as (
    select unnest(['day', 'week', 'month']) as period_type
),

calendar as (
    select distinct
        period_types.period_type,
        cast(date_trunc(period_types.period_type, dates.activity_date) as date) as period_date,
        cast(date_trunc(period_types.period_type, dates.last_activity_date + 1) as date) as open_period_date
    from core.calendar as dates
    cross join period_types
),

periods as (
    select
        period_type,
        period_date,
        period_date < open_period_date as is_complete,
        lag(period_date) over (partition by period_type order by period_date) as previous_period_date,
        lead(period_date) over (partition by period_type order by period_date) as next_period_date
    from calendar
),

-- a user enters a period with the first active day in it, and leaves the period of the last active day before
crossings as (
    select
        gaps.activity_basis,
        period_types.period_type,
        cast(date_trunc(period_types.period_type, gaps.activity_date) as date) as left_date,
        cast(date_trunc(period_types.period_type, gaps.next_activity_date) as date) as entered_date,
        gaps.users_count
    from core.activity_gap as gaps
    cross join period_types
),

entered as (
    select
        crossings.activity_basis,
        crossings.period_type,
        crossings.entered_date as period_date,
        sum(crossings.users_count) as active_users_count,
        sum(case when crossings.left_date is null then crossings.users_count else 0 end) as new_users_count,
        sum(case when crossings.left_date = periods.previous_period_date then crossings.users_count else 0 end)
            as returning_users_count,
        sum(case when crossings.left_date < periods.previous_period_date then crossings.users_count else 0 end)
            as resurrecting_users_count
    from crossings
    inner join periods
        on crossings.period_type = periods.period_type and crossings.entered_date = periods.period_date
    where crossings.left_date is null or crossings.left_date < crossings.entered_date
    group by crossings.activity_basis, crossings.period_type, crossings.entered_date
),

leaving as (
    select
        crossings.activity_basis,
        crossings.period_type,
        periods.next_period_date,
        sum(crossings.users_count) as leaving_users_count
    from crossings
    inner join periods
        on crossings.period_type = periods.period_type and crossings.left_date = periods.period_date
    where crossings.entered_date is null or crossings.entered_date > periods.next_period_date
    group by crossings.activity_basis, crossings.period_type, periods.next_period_date
),

counted as (
    select
        bases.activity_basis,
        periods.period_type,
        periods.period_date,
        periods.is_complete,
        coalesce(here.active_users_count, 0) as active_users_count,
        coalesce(here.new_users_count, 0) as new_users_count,
        coalesce(here.returning_users_count, 0) as returning_users_count,
        coalesce(here.resurrecting_users_count, 0) as resurrecting_users_count,
        coalesce(leaving.leaving_users_count, 0) as dormant_users_count,
        coalesce(earlier.active_users_count, 0) as previous_active_users_count
    from periods
    cross join report.engagement_limits as bases
    left join entered as here
        on
            bases.activity_basis = here.activity_basis
            and periods.period_type = here.period_type
            and periods.period_date = here.period_date
    left join entered as earlier
        on
            bases.activity_basis = earlier.activity_basis
            and periods.period_type = earlier.period_type
            and periods.previous_period_date = earlier.period_date
    left join leaving
        on
            bases.activity_basis = leaving.activity_basis
            and periods.period_type = leaving.period_type
            and periods.period_date = leaving.next_period_date
)

select
    *,
    cast(new_users_count + resurrecting_users_count as double) / nullif(dormant_users_count, 0) as quick_ratio
from counted
