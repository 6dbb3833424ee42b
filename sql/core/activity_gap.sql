-- One row per basis and pair of days: for how many users the second is the next active day after the first.
-- No first day: the second is the first ever in the data. No second day: not active again so far.
-- Few rows, however many users: every user's whole history stands in it, so reports that count comings and goings
-- (active users, engagement states, lifecycle by day, week and month) need no pass over users.
-- grain: activity_basis, activity_date, next_activity_date
-- assert: users_count >= 1
-- assert: activity_date < next_activity_date or activity_date is null or next_activity_date is null
-- assert: activity_date is not null or next_activity_date is not null
-- may-be-empty: nobody was active yet
with movements as (
    select
        activity_basis,
        activity_date,
        users_count
    from core.activity_arrival
    union all
    select
        activity_basis,
        previous_activity_date as activity_date,
        -users_count as users_count
    from core.activity_arrival
    where previous_activity_date is not null
),

-- came on a day, and left it for none so far
left_behind as (
    select
        activity_basis,
        activity_date,
        sum(users_count) as users_count
    from movements
    group by activity_basis, activity_date
    having sum(users_count) <> 0
)

select
    activity_basis,
    previous_activity_date as activity_date,
    activity_date as next_activity_date,
    users_count
from core.activity_arrival
union all
select
    activity_basis,
    activity_date,
    null as next_activity_date,
    users_count
from left_behind
