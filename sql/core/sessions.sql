-- One row per session of a user or visitor: events with no gap over 30 minutes; it belongs to the day it starts.
-- It ends on the day after at the latest: an endless chain of events (a robot) must not make dates depend on far ones.
-- grain: user_key, activity_date, session_number
-- partition: activity_date
-- lookback: 1
with policy as (
    select 30 as session_gap_minutes
),

-- a day on either side, so that a session over midnight is whole and its start is seen
nearby as (
    select
        user_key,
        activity_date,
        occurred_at,
        event_type,
        lag(occurred_at) over (partition by user_key order by occurred_at) as previous_at
    from core.events
    where
        activity_date >= $from_date - 1
        and activity_date < $until_date + 1
        and event_type <> 'push_open'
),

marked as (
    select
        nearby.*,
        nearby.previous_at is null
        or nearby.occurred_at > nearby.previous_at + to_minutes(policy.session_gap_minutes) as is_start
    from nearby
    cross join policy
),

-- range, not rows: events of one moment are in one session
numbered as (
    select
        *,
        sum(case when is_start then 1 else 0 end)
            over (partition by user_key order by occurred_at range unbounded preceding) as session_index,
        max(case when is_start then activity_date end)
            over (partition by user_key order by occurred_at range unbounded preceding) as start_date
    from marked
),

sessions as (
    select
        user_key,
        session_index,
        start_date as activity_date,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        count(*) as events_count,
        count(*) filter (where event_type = 'view') as views_count,
        count(*) filter (where event_type = 'cart') as carts_count,
        count(*) filter (where event_type = 'purchase') > 0 as has_purchase
    from numbered
    where activity_date <= start_date + 1
    group by user_key, session_index, start_date
)

select
    user_key,
    activity_date,
    row_number() over (partition by user_key, activity_date order by session_index) as session_number,
    started_at,
    ended_at,
    cast(floor(epoch(ended_at) - epoch(started_at)) as bigint) as duration_s,
    events_count,
    views_count,
    carts_count,
    has_purchase
from sessions
where activity_date >= $from_date and activity_date < $until_date
