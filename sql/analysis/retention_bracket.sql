-- One row per cohort: how many of its users were active at least once in a bracket of periods since their first.
with presence as (
    select distinct
        dates.user_key,
        periods.period_number
    from core.user_active_day as dates
    inner join core.period as periods
        on periods.period_type = $period and date_trunc($period, dates.activity_date) = periods.period_date
    where dates.activity_basis = $basis
),

firsts as (
    select
        user_key,
        period_number,
        min(period_number) over (partition by user_key) as cohort_number
    from presence
),

per_user as (
    select
        user_key,
        cohort_number,
        max(
            case when period_number - cohort_number between $first_offset and $last_offset then 1 else 0 end
        ) as was_active
    from firsts
    group by user_key, cohort_number
)

select
    cohorts.period_date as cohort_date,
    count(*) as cohort_users_count,
    sum(per_user.was_active) as on_users_count,
    coalesce(bool_and(reached.is_complete), false) as is_complete
from per_user
inner join core.period as cohorts
    on cohorts.period_type = $period and per_user.cohort_number = cohorts.period_number
left join core.period as reached
    on reached.period_type = $period and per_user.cohort_number + $last_offset = reached.period_number
group by cohorts.period_date
order by cohorts.period_date
