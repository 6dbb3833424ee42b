-- One row per touch: a session by the channel of its first event, an opened push, or a registration by its channel.
-- A session whose channel is not stated is `direct`; of several first events of one moment the first channel by name
-- counts.
-- grain: user_key, touched_at, channel
-- view: what sessions begin with; attribution reads a range of days once
select
    sessions.user_key,
    sessions.activity_date,
    sessions.started_at as touched_at,
    min(coalesce(events.channel, 'direct')) as channel
from core.sessions
inner join core.events
    on
        sessions.user_key = events.user_key
        and sessions.activity_date = events.activity_date
        and sessions.started_at = events.occurred_at
where events.event_type <> 'push_open'
group by sessions.user_key, sessions.activity_date, sessions.started_at
union
select
    user_key,
    activity_date,
    occurred_at as touched_at,
    coalesce(channel, 'push') as channel
from core.events
where event_type = 'push_open'
union
select
    user_key,
    registered_date as activity_date,
    registered_at as touched_at,
    acquisition_channel as channel
from core.users
where acquisition_channel is not null
