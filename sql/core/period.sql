-- One row per period type (day, week from Monday, month) and period with a day of the calendar: is it over?
-- period_number counts periods of a type without gaps, so that two numbers can be subtracted.
-- grain: period_type, period_number
-- may-be-empty: nobody was active yet
with marked as (
    select
        'day' as period_type,
        activity_date as period_date,
        activity_date - date '1900-01-01' as period_number,
        true as is_complete
    from core.calendar
    union all
    select
        'week' as period_type,
        cast(date_trunc('week', activity_date) as date) as period_date,
        cast(floor(cast(activity_date - date '1900-01-01' as double) / 7) as bigint) as period_number,
        date_trunc('week', activity_date) < date_trunc('week', last_activity_date + 1) as is_complete
    from core.calendar
    union all
    select
        'month' as period_type,
        cast(date_trunc('month', activity_date) as date) as period_date,
        year(activity_date) * 12 + month(activity_date) as period_number,
        date_trunc('month', activity_date) < date_trunc('month', last_activity_date + 1) as is_complete
    from core.calendar
)

select distinct
    period_type,
    period_date,
    period_number,
    is_complete
from marked
