-- One row per signed-in user with an event before as_of: what the user did on the site lately.
-- grain: user_id, as_of
-- may-be-empty: a shop without events has no behaviour
with weighed as (
    select
        *,
        power(0.5, cast(date_diff('day', activity_date, $as_of) as double) / 7) as decay_7d,
        power(0.5, cast(date_diff('day', activity_date, $as_of) as double) / 28) as decay_28d,
        power(0.5, cast(date_diff('day', activity_date, $as_of) as double) / 90) as decay_90d
    from core.user_day
    where activity_date < $as_of
),

days as (
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
        sum(likes_count) filter (where activity_date >= $as_of - 28) as likes_28d,
        -- active days: how often, how regularly and how lately the user comes, whatever is bought
        min(activity_date) filter (where events_count > passive_events_count) as first_active_date,
        count(*) filter (where events_count > passive_events_count) as active_days_count,
        count(*) filter (where events_count > passive_events_count and activity_date >= $as_of - 7) as active_days_7d,
        count(*) filter (where events_count > passive_events_count and activity_date >= $as_of - 28) as active_days_28d,
        count(*) filter (where events_count > passive_events_count and activity_date >= $as_of - 90) as active_days_90d,
        sum(case when events_count > passive_events_count then decay_7d end) as decayed_active_days_7d,
        sum(case when events_count > passive_events_count then decay_28d end) as decayed_active_days_28d,
        sum(case when events_count > passive_events_count then decay_90d end) as decayed_active_days_90d,
        -- wishes: what is put into the cart or among the favourites
        sum((carts_count + favourites_count) * decay_7d) as decayed_wishes_7d,
        sum((events_count - passive_events_count) * decay_7d) as decayed_events_7d
    from weighed
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
    date_diff('day', days.first_active_date, $as_of) as first_active_days,
    days.active_days_count,
    days.active_days_7d,
    days.active_days_28d,
    days.active_days_90d,
    -- rounded, because parallel sums of doubles differ in the last bits
    round(coalesce(days.decayed_active_days_7d, 0), 9) as decayed_active_days_7d,
    round(coalesce(days.decayed_active_days_28d, 0), 9) as decayed_active_days_28d,
    round(coalesce(days.decayed_active_days_90d, 0), 9) as decayed_active_days_90d,
    cast(date_diff('day', days.first_active_date, days.last_active_date) as double)
    / nullif(days.active_days_count - 1, 0) as active_gap_mean_days,
    -- the active days that the user's own rate would have brought since the last one
    cast(date_diff('day', days.last_active_date, $as_of) as double)
    * days.active_days_count
    / nullif(date_diff('day', days.first_active_date, $as_of), 0) as missed_active_days,
    round(days.decayed_wishes_7d, 9) as decayed_wishes_7d,
    round(days.decayed_events_7d, 9) as decayed_events_7d,
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
