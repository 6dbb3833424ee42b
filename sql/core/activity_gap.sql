-- One row per basis and pair of days: for how many users the second is the next active day after the first.
-- No first day: the second is the first ever in the data. No second day: not active again so far.
-- Few rows, however many users: every user's whole history stands in it, so reports that count comings and goings
-- (active users, engagement states, lifecycle by day, week and month) need no second pass over users.
-- grain: activity_basis, activity_date, next_activity_date
-- assert: users_count >= 1
-- assert: activity_date < next_activity_date or activity_date is null or next_activity_date is null
-- assert: activity_date is not null or next_activity_date is not null
-- may-be-empty: nobody was active yet
with followed as (
    select
        activity_basis,
        activity_date,
        lead(activity_date) over (partition by user_key, activity_basis order by activity_date) as next_activity_date
    from core.user_active_day
),

firsts as (
    select
        user_key,
        activity_basis,
        min(activity_date) as first_activity_date
    from core.user_active_day
    group by user_key, activity_basis
)

select
    activity_basis,
    activity_date,
    next_activity_date,
    count(*) as users_count
from followed
group by activity_basis, activity_date, next_activity_date
union all
select
    activity_basis,
    null as activity_date,
    first_activity_date as next_activity_date,
    count(*) as users_count
from firsts
group by activity_basis, first_activity_date
