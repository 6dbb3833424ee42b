-- One row per basis, period type (week, month), period and number of active days: how many users were active so often.
-- Weeks begin on Monday. report.active_days_histogram gives the shares.
-- grain: activity_basis, period_type, period_date, active_days
-- partition: period_date
-- periods: week, month
-- assert: users_count >= 1
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
        cast(date_trunc(period_types.period_type, dates.activity_date) as date) as period_date
    from core.calendar as dates
    cross join period_types
    where dates.activity_date >= $from_date and dates.activity_date < $until_date + 31
),

-- user, basis, type and period in one number: there are as many groups as users have active weeks and months
per_user as (
    select
        (4 * cast(dates.user_key as bigint) + bases.basis_code + days.type_code) * 262144
        + (days.period_date - date '1900-01-01') as period_code,
        count(*) as active_days
    from core.user_active_day as dates
    inner join bases on dates.activity_basis = bases.activity_basis
    inner join days on dates.activity_date = days.activity_date
    where
        days.period_date >= $from_date and days.period_date < $until_date
        and dates.activity_date >= $from_date and dates.activity_date < $until_date + 31
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
)

select
    bases.activity_basis,
    period_types.period_type,
    date '1900-01-01' + cast(grouped.period_number as integer) as period_date,
    grouped.active_days,
    grouped.users_count
from grouped
inner join bases on grouped.series - grouped.series % 2 = bases.basis_code
inner join period_types on grouped.series % 2 = period_types.type_code
