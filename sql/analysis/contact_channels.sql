-- One row per channel of the active events in [$from_date, $until): its name, in the order of the alphabet.
select distinct events.channel
from core.events
inner join core.users on events.user_key = users.user_key
where
    events.channel is not null
    and events.event_type <> 'push_open'
    and events.activity_date >= $from_date
    and events.activity_date < $until
order by events.channel
