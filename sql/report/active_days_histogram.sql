-- One row per basis, period type (week, month), period and number of active days: how many users were active so often.
-- Denominator of share: users active in the period. Weeks begin on Monday. Population: signed-in users.
-- grain: activity_basis, period_type, period_date, active_days
-- assert: active_days >= 1
-- may-be-empty: nobody was active yet
with bounds as (
    select max(activity_date) as last_date
    from core.calendar
)

select
    counted.activity_basis,
    counted.period_type,
    counted.period_date,
    counted.active_days,
    counted.users_count,
    sum(counted.users_count) over period as active_users_count,
    cast(counted.users_count as double) / nullif(sum(counted.users_count) over period, 0) as share,
    counted.period_date < date_trunc(counted.period_type, bounds.last_date + 1) as is_complete
from core.active_days_count as counted
cross join bounds
window period as (partition by counted.activity_basis, counted.period_type, counted.period_date)
