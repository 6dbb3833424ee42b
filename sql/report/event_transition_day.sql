-- One row per day and pair of event types: how often the second follows the first in sessions that start that day.
-- Sessions as in core.sessions, visitors who are not signed in included. `(start)` stands before the first event of a
-- session, `(end)` after the last one. Events of one moment follow each other by name, whatever the order of the files.
-- grain: activity_date, from_event, to_event
-- partition: activity_date
-- lookback: 1
-- assert: transitions_count >= 1
with policy as (
    select
        30 * 60 * 1000000 as session_gap_us,  -- as in core.sessions
        22 * 3600 as endless_session_at_least_s  -- what gets to its second midnight lasts longer
),

-- types as numbers in the order of their names: sorting texts costs far more
names as (
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
    where activity_date >= $from_date and activity_date < $until_date + 1
    group by activity_date
),

-- a session's events belong to the day it starts: few go on after the next day's first event of anybody
nights as (
    select
        sessions.user_key,
        mornings.activity_date,
        epoch_us(sessions.ended_at) as ended_us
    from core.sessions
    inner join mornings
        on sessions.activity_date + 1 = mornings.activity_date and sessions.ended_at >= mornings.first_at
    where sessions.activity_date >= $from_date - 1 and sessions.activity_date < $until_date
),

-- hardly anybody: an endless chain of events is a session up to its second midnight, what follows is in none
robots as (
    select distinct sessions.user_key
    from core.sessions
    cross join policy
    where sessions.duration_s >= policy.endless_session_at_least_s and sessions.activity_date < $until_date
),

robot_sessions as (
    select * from core.sessions where user_key in (select robots.user_key from robots)
),

lost as (
    select events.*
    from core.events
    inner join robots on events.user_key = robots.user_key
    left join robot_sessions as held
        on events.user_key = held.user_key and events.occurred_at between held.started_at and held.ended_at
    where events.activity_date >= $from_date and events.activity_date < $until_date + 1 and held.user_key is null
),

followed as (
    select
        events.user_key,
        events.activity_date,
        type_number,
        epoch_us(events.occurred_at) as occurred_us,
        lag(epoch_us(events.occurred_at)) over (
            partition by events.user_key order by epoch_us(events.occurred_at), type_number
        ) as previous_us,
        lag(type_number) over (
            partition by events.user_key order by epoch_us(events.occurred_at), type_number
        ) as previous_number
    from core.events
    inner join names on events.event_type = names.event_type
    left join lost on events.user_key = lost.user_key and events.occurred_at = lost.occurred_at
    where events.activity_date >= $from_date and events.activity_date < $until_date + 1 and lost.user_key is null
),

entered as (
    select
        case when ended_us >= occurred_us then nights.activity_date - 1 else followed.activity_date end as start_date,
        case when occurred_us - previous_us <= session_gap_us then previous_number else 0 end as previous_number,
        followed.type_number,
        count(*) as transitions_count
    from followed
    cross join policy
    left join nights on followed.user_key = nights.user_key and followed.activity_date = nights.activity_date
    group by all
),

-- every event of a session is entered once; where it is followed less often, it is the last of its session
counted as (
    select *
    from entered
    union all
    select
        start_date,
        unnest([type_number, previous_number]) as previous_number,
        null as type_number,
        unnest([transitions_count, -transitions_count]) as transitions_count
    from entered
)

select
    counted.start_date as activity_date,
    coalesce(earlier.event_type, '(start)') as from_event,
    coalesce(later.event_type, '(end)') as to_event,
    sum(counted.transitions_count) as transitions_count
from counted
left join names as earlier on counted.previous_number = earlier.type_number
left join names as later on counted.type_number = later.type_number
where counted.start_date >= $from_date and counted.start_date < $until_date
group by counted.start_date, earlier.event_type, later.event_type
having sum(counted.transitions_count) > 0
