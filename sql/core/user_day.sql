-- One row per signed-in user and day with an event: what the user did that day, counted.
-- grain: user_key, activity_date
-- partition: activity_date
-- assert: events_count >= views_count
select
    events.user_key,
    events.activity_date,
    count(*) as events_count,
    count(*) filter (where events.event_type = 'push_open') as passive_events_count,
    count(*) filter (where events.event_type = 'view') as views_count,
    count(*) filter (where events.event_type = 'search') as searches_count,
    count(*) filter (where events.event_type = 'cart') as carts_count,
    count(*) filter (where events.event_type = 'favourite') as favourites_count,
    count(*) filter (where events.event_type in ('share', 'invite')) as shares_count,
    count(*) filter (where events.event_type in ('like', 'comment', 'follow')) as likes_count
from core.events
inner join bronze.user_keys on events.user_key = user_keys.user_key
where
    not user_keys.is_anonymous
    and events.activity_date >= $from_date
    and events.activity_date < $until_date
group by events.user_key, events.activity_date
