-- One row per basis, period type (week, month), period and number of active days: how many users were active so often.
-- Denominator of share: users active in the period. Weeks begin on Monday. Population: signed-in users.
-- grain: activity_basis, period_type, period_date, active_days
-- assert: active_days >= 1
-- may-be-empty: nobody was active yet
with bases as (
    select
        unnest(['activity', 'order']) as activity_basis,
        unnest([0, 2]) as basis_code
),

period_types as (
    select
        unnest(['week', 'month']) as period_type,
        unnest([0, 1]) as type_code
),

-- the period a day lies in, as the days from 1900 to its first day: 18 bits reach beyond the year 2600
days as (
    select
        dates.activity_date,
        period_types.type_code,
        cast(date_trunc(period_types.period_type, dates.activity_date) as date) - date '1900-01-01' as period_number
    from core.calendar as dates
    cross join period_types
),

-- user, basis, type and period in one number: there are as many groups as users have active weeks and months
per_user as (
    select
        (4 * cast(dates.user_key as bigint) + bases.basis_code + days.type_code) * 262144 + days.period_number
            as period_code,
        count(*) as active_days
    from core.user_active_day as dates
    inner join bases on dates.activity_basis = bases.activity_basis
    inner join days on dates.activity_date = days.activity_date
    group by period_code
),

grouped as (
    select
        (period_code // 262144) % 4 as series,
        period_code % 262144 as period_number,
        active_days,
        count(*) as users_count
    from per_user
    group by series, period_number, active_days
),

counted as (
    select
        bases.activity_basis,
        period_types.period_type,
        date '1900-01-01' + cast(grouped.period_number as integer) as period_date,
        grouped.active_days,
        grouped.users_count
    from grouped
    inner join bases on grouped.series - grouped.series % 2 = bases.basis_code
    inner join period_types on grouped.series % 2 = period_types.type_code
),

bounds as (
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
from counted
cross join bounds
window period as (partition by counted.activity_basis, counted.period_type, counted.period_date)
