-- One row per step and pair of event types: in how many sessions the second comes next.
-- Steps are counted from an anchor, or back to it, as in step_matrix: step 0 leaves the anchor. `(end)` stands after
-- the last event of a session, `(start)` before the first when the flows go back. Rarer events are `(rest)`.
with visits as (
    select
        sessions.user_key,
        sessions.activity_date,
        sessions.session_number,
        events.event_type,
        row_number() over (
            partition by sessions.user_key, sessions.activity_date, sessions.session_number
            order by events.occurred_at, events.event_type
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

numbered as (
    select
        *,
        case when $from_end then anchor_place - place else place - anchor_place end as step
    from anchored
    where anchor_place is not null
),

kept as (
    select event_type
    from numbered
    where step between 0 and $steps_at_most
    group by event_type
    order by count(*) desc, event_type asc
    limit $types_at_most
),

named as (
    select
        numbered.user_key,
        numbered.activity_date,
        numbered.session_number,
        numbered.step,
        coalesce(kept.event_type, '(rest)') as event_type
    from numbered
    left join kept on numbered.event_type = kept.event_type
    where numbered.step >= 0
),

followed as (
    select
        step,
        event_type as near_event,
        coalesce(
            lead(event_type) over (partition by user_key, activity_date, session_number order by step),
            case when $from_end then '(start)' else '(end)' end
        ) as far_event
    from named
)

select
    step,
    near_event,
    far_event,
    count(*) as sessions_count
from followed
where step < $steps_at_most
group by step, near_event, far_event
order by step asc, sessions_count desc, near_event asc, far_event asc
