-- One row per basis and day: users active that day, in the 7 and in the 30 days that end with it, and the stickiness.
-- Population: signed-in users. Day: business date of the shop. Basis `activity`: any event but push_open, or an order
-- placed; basis `order`: a paid order. Stickiness = active that day / active in the trailing 30 days.
-- The first 6 (29) days have less than 7 (30) days behind them: is_complete says when 30 days were seen.
-- grain: activity_basis, activity_date
-- assert: new_users_count <= active_users_count
-- assert: active_users_count <= active_users_7d
-- assert: active_users_7d <= active_users_30d
-- may-be-empty: nobody was active yet
with calendar as (
    select
        bases.activity_basis,
        dates.activity_date,
        dates.activity_date >= dates.first_activity_date + 29 as is_complete
    from core.calendar as dates
    cross join report.engagement_limits as bases
),

arrivals as (
    select
        activity_basis,
        next_activity_date as activity_date,
        sum(users_count) as active_users_count,
        sum(case when activity_date is null then users_count else 0 end) as new_users_count
    from core.activity_gap
    where next_activity_date is not null
    group by activity_basis, next_activity_date
),

-- a user is in the trailing n days from an active day on, until n days later or the next active day, which counts anew
endings as (
    select
        activity_basis,
        activity_date,
        users_count,
        least(activity_date + 7, coalesce(next_activity_date, date '9999-12-31')) as end_7d,
        least(activity_date + 30, coalesce(next_activity_date, date '9999-12-31')) as end_30d
    from core.activity_gap
    where activity_date is not null
),

changes as (
    select
        activity_basis,
        activity_date,
        users_count as change_7d,
        users_count as change_30d
    from endings
    union all
    select
        activity_basis,
        end_7d as activity_date,
        -users_count as change_7d,
        0 as change_30d
    from endings
    union all
    select
        activity_basis,
        end_30d as activity_date,
        0 as change_7d,
        -users_count as change_30d
    from endings
),

changes_by_day as (
    select
        activity_basis,
        activity_date,
        sum(change_7d) as change_7d,
        sum(change_30d) as change_30d
    from changes
    group by activity_basis, activity_date
),

counted as (
    select
        calendar.activity_basis,
        calendar.activity_date,
        calendar.is_complete,
        coalesce(arrivals.active_users_count, 0) as active_users_count,
        coalesce(arrivals.new_users_count, 0) as new_users_count,
        sum(coalesce(changes_by_day.change_7d, 0)) over running as active_users_7d,
        sum(coalesce(changes_by_day.change_30d, 0)) over running as active_users_30d
    from calendar
    left join arrivals
        on calendar.activity_basis = arrivals.activity_basis and calendar.activity_date = arrivals.activity_date
    left join changes_by_day
        on
            calendar.activity_basis = changes_by_day.activity_basis
            and calendar.activity_date = changes_by_day.activity_date
    window running as (partition by calendar.activity_basis order by calendar.activity_date)
)

select
    *,
    cast(active_users_count as double) / nullif(active_users_30d, 0) as stickiness
from counted
