-- One row per touch: a session by the channel of its first event, an opened push, or a registration by its channel.
-- grain: user_key, activity_date, touched_at, channel
-- partition: activity_date
-- lookback: 1
-- view: what sessions begin with; attribution reads a range of days once
select
    user_key,
    activity_date,
    started_at as touched_at,
    entry_channel as channel
from core.sessions
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
