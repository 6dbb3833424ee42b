-- One row per basis, day and the day its active users were active before: how many users came (back) after that pause.
-- No day before: their first ever in the data. A day is built from itself and the last active days of its users.
-- grain: activity_basis, activity_date, previous_activity_date
-- partition: activity_date
-- reach: onward
-- assert: users_count >= 1
-- assert: previous_activity_date < activity_date or previous_activity_date is null
-- may-be-empty: nobody was active yet
with bases as (
    select
        unnest(['activity', 'order']) as activity_basis,
        unnest([0, 1]) as basis_code
),

here as (
    select
        2 * cast(user_key as bigint) + case when activity_basis = 'order' then 1 else 0 end as user_code,
        user_key,
        activity_date
    from core.user_active_day
    where activity_date >= $from_date and activity_date < $until_date
),

earlier as (
    select
        2 * cast(user_key as bigint) + case when activity_basis = 'order' then 1 else 0 end as user_code,
        max(activity_date) as activity_date
    from core.user_active_day
    where activity_date < $from_date and user_key in (select here.user_key from here)
    group by user_code
),

dates as (
    select
        user_code,
        activity_date
    from here
    union all
    select
        user_code,
        activity_date
    from earlier
),

followed as (
    select
        user_code % 2 as basis_code,
        activity_date,
        lag(activity_date) over (partition by user_code order by activity_date) as previous_activity_date
    from dates
),

counted as (
    select
        basis_code,
        activity_date,
        previous_activity_date,
        count(*) as users_count
    from followed
    where activity_date >= $from_date
    group by basis_code, activity_date, previous_activity_date
)

select
    bases.activity_basis,
    counted.activity_date,
    counted.previous_activity_date,
    counted.users_count
from counted
inner join bases on counted.basis_code = bases.basis_code
