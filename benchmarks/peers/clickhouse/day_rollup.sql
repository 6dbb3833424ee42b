-- Signed-in users and days with an event, as core.user_day.
select
    user_key,
    activity_date,
    count() as events_count,
    countIf(event_type = 'push_open') as passive_events_count,
    countIf(event_type = 'view') as views_count,
    countIf(event_type = 'search') as searches_count,
    countIf(event_type = 'cart') as carts_count,
    countIf(event_type = 'favourite') as favourites_count,
    countIf(event_type in ('share', 'invite')) as shares_count,
    countIf(event_type in ('like', 'comment', 'follow')) as likes_count
from events
where user_key in (select user_key from user_keys where not is_anonymous)
group by user_key, activity_date
