-- One row per day's cohort and days since: how many users of the cohort were active then.
-- core.user_active_day is Trellis' own definition of an active day; offsets up to $days.
with lives as (
    select
        activity_date,
        min(activity_date) over (partition by user_key) as cohort_date
    from core.user_active_day
    where activity_basis = 'activity'
)

select
    cohort_date,
    activity_date - cohort_date as period_offset,
    count(*) as on_users_count
from lives
where activity_date - cohort_date <= $days
group by cohort_date, activity_date - cohort_date
