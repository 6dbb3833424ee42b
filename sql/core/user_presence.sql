-- One row per signed-in user, basis and period type (day, week from Monday, month): in which periods since the first.
-- Bit n of presence is set when the user was active in period n since the cohort's own, which is 0, up to the longest
-- follow-up of report.retention (30 days, 26 weeks, 24 months); the bit after that stands for all that came later.
-- Users whose active days have changed are built anew, from all their days: a late first day moves every bit.
-- grain: user_key, activity_basis, period_type
-- by: user
-- assert: (presence & 1) = 1
-- may-be-empty: nobody was active yet
with policy as (
    select
        unnest(['day', 'week', 'month']) as period_type,
        unnest([30, 26, 24]) as periods_at_most
),

bases as (
    select
        unnest(['activity', 'order']) as activity_basis,
        unnest([0, 1]) as basis_code
),

-- which period of each type a day lies in
days as (
    select
        activity_date,
        activity_date - date '1900-01-01' as day_number,
        cast(floor(cast(activity_date - date '1900-01-01' as double) / 7) as bigint) as week_number,
        year(activity_date) * 12 + month(activity_date) as month_number
    from core.calendar
),

-- user and basis in one number
dates as (
    select
        2 * cast(user_key as bigint) + case when activity_basis = 'order' then 1 else 0 end as user_code,
        activity_date
    from core.user_active_day
    where user_key in (select user_key from bronze.stale_users where table_name = 'core.user_presence')
),

lifespans as (
    select
        user_code,
        min(activity_date) as first_date,
        max(activity_date) as last_date
    from dates
    group by user_code
),

-- one pass for the three types, so that no row is met three times
lives as (
    select
        dates.user_code,
        lifespans.first_date,
        lifespans.last_date,
        bit_or(cast(1 as bigint) << least(here.day_number - began.day_number, 31)) as day_bits,
        bit_or(cast(1 as bigint) << least(here.week_number - began.week_number, 27)) as week_bits,
        bit_or(cast(1 as bigint) << least(here.month_number - began.month_number, 25)) as month_bits
    from dates
    inner join lifespans on dates.user_code = lifespans.user_code
    inner join days as began on lifespans.first_date = began.activity_date
    inner join days as here on dates.activity_date = here.activity_date
    group by dates.user_code, lifespans.first_date, lifespans.last_date
)

select
    lives.user_code // 2 as user_key,
    bases.activity_basis,
    policy.period_type,
    case policy.period_type
        when 'day' then began.day_number
        when 'week' then began.week_number
        else began.month_number
    end as cohort_number,
    least(
        case policy.period_type
            when 'day' then ended.day_number - began.day_number
            when 'week' then ended.week_number - began.week_number
            else ended.month_number - began.month_number
        end,
        policy.periods_at_most + 1
    ) as last_offset,
    case policy.period_type
        when 'day' then lives.day_bits
        when 'week' then lives.week_bits
        else lives.month_bits
    end as presence
from lives
inner join bases on lives.user_code % 2 = bases.basis_code
cross join policy
inner join days as began on lives.first_date = began.activity_date
inner join days as ended on lives.last_date = ended.activity_date
