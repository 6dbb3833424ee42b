-- One row per signed-in user with an event before as_of: what the user did on the site lately.
-- grain: user_id, as_of
-- may-be-empty: a shop without events has no behaviour
with days as (
    select
        user_key,
        max(activity_date) filter (where events_count > passive_events_count) as last_active_date,
        max(activity_date) as last_event_date,
        sum(events_count) filter (where activity_date >= $as_of - 7) as events_7d,
        sum(events_count) filter (where activity_date >= $as_of - 28) as events_28d,
        sum(views_count) filter (where activity_date >= $as_of - 28) as views_28d,
        sum(searches_count) filter (where activity_date >= $as_of - 28) as searches_28d,
        sum(carts_count) filter (where activity_date >= $as_of - 28) as carts_28d,
        sum(favourites_count) filter (where activity_date >= $as_of - 28) as favourites_28d,
        sum(shares_count) filter (where activity_date >= $as_of - 28) as shares_28d,
        sum(likes_count) filter (where activity_date >= $as_of - 28) as likes_28d
    from core.user_day
    where activity_date < $as_of
    group by user_key
),

recent_sessions as (
    select
        user_key,
        count(*) as sessions_28d
    from core.sessions
    where activity_date < $as_of and activity_date >= $as_of - 28
    group by user_key
)

select
    users.user_id,
    $as_of as as_of,
    date_diff('day', days.last_event_date, $as_of) as days_since_event,
    date_diff('day', days.last_active_date, $as_of) as last_active_days,
    coalesce(recent_sessions.sessions_28d, 0) as sessions_28d,
    coalesce(days.events_7d, 0) as events_7d,
    coalesce(days.events_28d, 0) as events_28d,
    coalesce(days.views_28d, 0) as views_28d,
    coalesce(days.searches_28d, 0) as searches_28d,
    coalesce(days.carts_28d, 0) as carts_28d,
    coalesce(days.favourites_28d, 0) as favourites_28d,
    coalesce(days.shares_28d, 0) as shares_28d,
    coalesce(days.likes_28d, 0) as likes_28d
from days
inner join core.users on days.user_key = users.user_key
left join recent_sessions on days.user_key = recent_sessions.user_key
