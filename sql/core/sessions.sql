-- One row per session of a user or visitor: events with no gap over 30 minutes; it belongs to the day it starts.
-- It ends on the day after at the latest: an endless chain of events (a robot) must not make dates depend on far ones.
-- grain: user_key, activity_date, session_number
-- partition: activity_date
-- lookback: 1
with policy as (
    select 30 as session_gap_minutes
),

-- Events of a user in one day, slice of 30 minutes and channel are never in two sessions: counted together before
-- anything is sorted. A day on either side, so that a session over midnight is whole and its start is seen.
bursts as (
    select
        events.user_key,
        events.activity_date,
        floor(epoch(events.occurred_at) / nullif(cast(policy.session_gap_minutes * 60 as double), 0)) as slice_number,
        coalesce(events.channel, 'direct') as channel,
        min(events.occurred_at) as first_at,
        max(events.occurred_at) as last_at,
        count(*) as events_count,
        count(*) filter (where events.event_type = 'view') as views_count,
        count(*) filter (where events.event_type = 'cart') as carts_count,
        count(*) filter (where events.event_type = 'purchase') as purchases_count
    from core.events
    cross join policy
    where
        events.activity_date >= $from_date - 1
        and events.activity_date < $until_date + 1
        and events.event_type <> 'push_open'
    group by
        events.user_key,
        events.activity_date,
        floor(epoch(events.occurred_at) / nullif(cast(policy.session_gap_minutes * 60 as double), 0)),
        coalesce(events.channel, 'direct')
),

followed as (
    select
        *,
        max(last_at) over (
            partition by user_key
            order by activity_date, slice_number, first_at, channel
            rows between unbounded preceding and 1 preceding
        ) as previous_at
    from bursts
),

marked as (
    select
        followed.*,
        followed.previous_at is null
        or followed.first_at > followed.previous_at + to_minutes(policy.session_gap_minutes) as is_start
    from followed
    cross join policy
),

numbered as (
    select
        *,
        sum(case when is_start then 1 else 0 end)
            over in_order as session_index,
        max(case when is_start then activity_date end)
            over in_order as start_date
    from marked
    window
        in_order as (
            partition by user_key
            order by activity_date, slice_number, first_at, channel
            rows unbounded preceding
        )
),

sessions as (
    select
        user_key,
        session_index,
        start_date as activity_date,
        min(first_at) as started_at,
        max(last_at) as ended_at,
        sum(events_count) as events_count,
        sum(views_count) as views_count,
        sum(carts_count) as carts_count,
        sum(purchases_count) > 0 as has_purchase,
        max(case when is_start then channel end) as entry_channel
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
    cast(events_count as bigint) as events_count,
    cast(views_count as bigint) as views_count,
    cast(carts_count as bigint) as carts_count,
    has_purchase,
    entry_channel
from sessions
where activity_date >= $from_date and activity_date < $until_date
