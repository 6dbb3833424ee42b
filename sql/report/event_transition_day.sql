-- One row per day and pair of event types that follow each other in sessions that start that day: how often they do.
-- Sessions as in core.sessions, visitors who are not signed in included. `(start)` stands before the first event of a
-- session, `(end)` after the last one. Events of one moment follow each other by name, whatever the order of the files.
-- grain: activity_date, from_event, to_event
-- partition: activity_date
-- lookback: 1
-- assert: transitions_count >= 1
with names as (
    select
        event_type,
        cast(row_number() over (order by event_type) as integer) as type_number
    from core.events
    where activity_date >= $from_date and activity_date < $until_date + 1 and event_type <> 'push_open'
    group by event_type
),

mornings as (
    select
        activity_date,
        min(occurred_at) as first_at
    from core.events
    where activity_date > $from_date and activity_date < $until_date + 1
    group by activity_date
),

-- a session has events on the day it starts, and on the next one if it goes on after that day's first event of anybody
session_days as (
    select
        user_key,
        activity_date,
        started_at,
        ended_at,
        activity_date as event_date
    from core.sessions
    where activity_date >= $from_date and activity_date < $until_date
    union all
    select
        sessions.user_key,
        sessions.activity_date,
        sessions.started_at,
        sessions.ended_at,
        mornings.activity_date as event_date
    from core.sessions
    inner join mornings
        on sessions.activity_date + 1 = mornings.activity_date and sessions.ended_at >= mornings.first_at
    where sessions.activity_date >= $from_date and sessions.activity_date < $until_date
),

-- types as numbers in the order of their names: sorting texts costs far more
followed as (
    select
        session_days.activity_date,
        names.type_number,
        coalesce(
            lag(names.type_number) over (
                partition by session_days.user_key, session_days.started_at
                order by events.occurred_at, names.type_number
            ), 0
        ) as previous_number
    from session_days
    inner join core.events
        on
            session_days.user_key = events.user_key
            and session_days.event_date = events.activity_date
            and session_days.started_at <= events.occurred_at
            and session_days.ended_at >= events.occurred_at
    inner join names on events.event_type = names.event_type
    where events.activity_date >= $from_date and events.activity_date < $until_date + 1
),

entered as (
    select
        activity_date,
        previous_number,
        type_number,
        count(*) as transitions_count
    from followed
    group by activity_date, previous_number, type_number
),

-- every event of a session is entered once; where it is followed less often, it is the last of its session
balance as (
    select
        activity_date,
        type_number,
        transitions_count as balance_count
    from entered
    union all
    select
        activity_date,
        previous_number as type_number,
        -transitions_count as balance_count
    from entered
    where previous_number > 0
),

counted as (
    select *
    from entered
    union all
    select
        activity_date,
        type_number as previous_number,
        null as type_number,
        sum(balance_count) as transitions_count
    from balance
    group by activity_date, type_number
    having sum(balance_count) > 0
)

select
    counted.activity_date,
    coalesce(earlier.event_type, '(start)') as from_event,
    coalesce(later.event_type, '(end)') as to_event,
    counted.transitions_count
from counted
left join names as earlier on counted.previous_number = earlier.type_number
left join names as later on counted.type_number = later.type_number
