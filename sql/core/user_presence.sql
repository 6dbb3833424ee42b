-- One row per signed-in user, basis and period type (day, week from Monday, month): in which periods since the first.
-- Bit n of presence is set when the user was active in period n since the cohort's own, which is 0, up to the longest
-- follow-up of report.retention (30 days, 26 weeks, 24 months); the bit after that stands for all that came later.
-- grain: user_key, activity_basis, period_type
-- assert: (presence & 1) = 1
-- may-be-empty: nobody was active yet
with policy as (
    select
        unnest(['day', 'week', 'month']) as period_type,
        unnest([30, 26, 24]) as periods_at_most
),

-- which period of its type a day lies in
days as (
    select
        dates.activity_date,
        policy.period_type,
        policy.periods_at_most,
        case policy.period_type
            when 'day' then dates.activity_date - date '1900-01-01'
            when 'week' then cast(floor(cast(dates.activity_date - date '1900-01-01' as double) / 7) as bigint)
            else year(dates.activity_date) * 12 + month(dates.activity_date)
        end as period_number
    from core.calendar as dates
    cross join policy
),

lifespans as (
    select
        user_key,
        activity_basis,
        min(activity_date) as first_date,
        max(activity_date) as last_date
    from core.user_active_day
    group by user_key, activity_basis
)

select
    dates.user_key,
    dates.activity_basis,
    began.period_type,
    began.period_number as cohort_number,
    least(ended.period_number - began.period_number, began.periods_at_most + 1) as last_offset,
    bit_or(
        (cast(1 as bigint) << (here.period_number - began.period_number))
        | (cast(1 as bigint) << least(ended.period_number - began.period_number, began.periods_at_most + 1))
    ) as presence
from core.user_active_day as dates
inner join lifespans on dates.user_key = lifespans.user_key and dates.activity_basis = lifespans.activity_basis
inner join days as began on lifespans.first_date = began.activity_date
inner join days as ended on lifespans.last_date = ended.activity_date and began.period_type = ended.period_type
inner join days as here
    on
        dates.activity_date = here.activity_date
        and began.period_type = here.period_type
        and began.period_number + began.periods_at_most >= here.period_number
group by all
