-- One row per signed-in user, basis and period (day, week from Monday, month) in which the user was active.
-- period_number counts periods of a type without gaps, as in core.period; active_days are those of the period.
-- grain: user_key, activity_basis, period_type, period_number
-- view: a rollup of days that each report reads once
select
    user_key,
    activity_basis,
    'day' as period_type,
    activity_date - date '1900-01-01' as period_number,
    1 as active_days
from core.user_active_day
union all
select
    user_key,
    activity_basis,
    'week' as period_type,
    cast(floor(cast(activity_date - date '1900-01-01' as double) / 7) as bigint) as period_number,
    count(*) as active_days
from core.user_active_day
group by user_key, activity_basis, cast(floor(cast(activity_date - date '1900-01-01' as double) / 7) as bigint)
union all
select
    user_key,
    activity_basis,
    'month' as period_type,
    year(activity_date) * 12 + month(activity_date) as period_number,
    count(*) as active_days
from core.user_active_day
group by user_key, activity_basis, year(activity_date) * 12 + month(activity_date)
