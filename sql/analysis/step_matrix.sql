-- One row per step and event type: in how many sessions it stands at that step, counted from an anchor or back to it.
-- The anchor is the session's first event, or its last when the matrix goes back; or the first (last) event of a type.
-- Step 0 is the anchor. Sessions that are over by a step are `(end)`, those that had not begun `(start)`.
with visits as (
    select
        sessions.user_key,
        sessions.activity_date,
        sessions.session_number,
        events.occurred_at,
        events.event_type,
        count(*) over (
            partition by sessions.user_key, sessions.activity_date, sessions.session_number
            order by events.occurred_at, events.event_type rows unbounded preceding
        ) as place
    from core.sessions
    inner join core.events
        on
            sessions.user_key = events.user_key
            and sessions.started_at <= events.occurred_at
            and sessions.ended_at >= events.occurred_at
    where
        events.event_type <> 'push_open'
        and sessions.activity_date >= $from_date
        and sessions.activity_date < $until_date
        and events.activity_date >= $from_date
        and events.activity_date < $until_date + 1
),

anchored as (
    select
        *,
        case
            when $from_end
                then max(case when $anchor_type is null or event_type = $anchor_type then place end) over session
            else min(case when $anchor_type is null or event_type = $anchor_type then place end) over session
        end as anchor_place
    from visits
    window session as (partition by user_key, activity_date, session_number)
),

counted as (
    select
        case when $from_end then anchor_place - place else place - anchor_place end as step,
        event_type,
        count(*) as sessions_count
    from anchored
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
