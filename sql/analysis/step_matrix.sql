-- One row per step and event type: in how many sessions it stands at that step, counted from an anchor or back to it.
-- The anchor is the session's first event, or its last when the matrix goes back; or the first (last) event of a type.
-- Step 0 is the anchor. Sessions that are over by a step are `(end)`, those that had not begun `(start)`.
with days as (
    select unnest([0, 1]) as days_later
),

-- a session has events on the day it starts and on the next one: looked up by day, a user's other sessions cost nothing
session_days as (
    select
        sessions.session_key,
        sessions.user_key,
        sessions.started_at,
        sessions.ended_at,
        sessions.activity_date + days.days_later as event_date
    from (
        select
            cast(row_number() over () as integer) as session_key,
            user_key,
            activity_date,
            started_at,
            ended_at
        from core.sessions
        where activity_date >= $from_date and activity_date < $until_date
    ) as sessions
    cross join days
),

visits as (
    select
        session_days.session_key,
        events.event_type,
        cast(
            row_number() over (
                partition by session_days.session_key order by events.occurred_at, events.event_type
            ) as integer
        ) as place
    from session_days
    inner join core.events
        on
            session_days.user_key = events.user_key
            and session_days.event_date = events.activity_date
            and session_days.started_at <= events.occurred_at
            and session_days.ended_at >= events.occurred_at
    where
        events.event_type <> 'push_open'
        and events.activity_date >= $from_date
        and events.activity_date < $until_date + 1
),

anchored as (
    select
        session_key,
        case when $from_end then max(place) else min(place) end as anchor_place
    from visits
    where $anchor_type is null or event_type = $anchor_type
    group by session_key
),

counted as (
    select
        case
            when $from_end then anchored.anchor_place - visits.place
            else visits.place - anchored.anchor_place
        end as step,
        visits.event_type,
        count(*) as sessions_count
    from visits
    inner join anchored on visits.session_key = anchored.session_key
    group by all
),

anchors as (
    select sum(sessions_count) as anchored_count
    from counted
    where step = 0
),

present as (
    select
        step,
        sum(sessions_count) as present_count
    from counted
    where step >= 0
    group by step
),

ended as (
    select
        steps.step,
        case when $from_end then '(start)' else '(end)' end as event_type,
        anchors.anchored_count - coalesce(present.present_count, 0) as sessions_count
    from (select unnest(generate_series(0, $steps_at_most)) as step) as steps
    cross join anchors
    left join present on steps.step = present.step
),

together as (
    select
        step,
        event_type,
        sessions_count
    from counted
    where step between 0 and $steps_at_most
    union all
    select
        step,
        event_type,
        sessions_count
    from ended
    where sessions_count > 0
)

select
    together.step,
    together.event_type,
    together.sessions_count,
    cast(together.sessions_count as double) / nullif(anchors.anchored_count, 0) as share
from together
cross join anchors
