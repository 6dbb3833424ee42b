-- One row per day and pair of event types that follow each other in sessions that start that day: how often they do.
-- Sessions as in core.sessions, visitors who are not signed in included. `(start)` stands before the first event of a
-- session, `(end)` after the last one. Events of one moment follow each other by name, whatever the order of the files.
-- grain: activity_date, from_event, to_event
-- partition: activity_date
-- lookback: 1
-- assert: transitions_count >= 1
with days as (
    select unnest([0, 1]) as days_later
),

-- a session has events on the day it starts and on the next one
session_days as (
    select
        sessions.user_key,
        sessions.activity_date,
        sessions.session_number,
        sessions.started_at,
        sessions.ended_at,
        sessions.activity_date + days.days_later as event_date
    from core.sessions
    cross join days
    where sessions.activity_date >= $from_date and sessions.activity_date < $until_date
),

visits as (
    select
        session_days.user_key,
        session_days.activity_date,
        session_days.session_number,
        events.occurred_at,
        events.event_type
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

followed as (
    select
        activity_date,
        event_type,
        lag(event_type) over (
            partition by user_key, activity_date, session_number order by occurred_at, event_type
        ) as previous_type,
        lead(event_type) over (
            partition by user_key, activity_date, session_number order by occurred_at, event_type
        ) as next_type
    from visits
),

transitions as (
    select
        activity_date,
        event_type as from_event,
        coalesce(next_type, '(end)') as to_event
    from followed
    union all
    select
        activity_date,
        '(start)' as from_event,
        event_type as to_event
    from followed
    where previous_type is null
)

select
    activity_date,
    from_event,
    to_event,
    count(*) as transitions_count
from transitions
group by activity_date, from_event, to_event
