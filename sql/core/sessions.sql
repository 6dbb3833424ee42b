-- One row per session of a user or visitor: events with no gap over 30 minutes; it belongs to the day it starts.
-- It ends on the day after at the latest: an endless chain of events (a robot) must not make dates depend on far ones.
-- grain: user_key, activity_date, session_number
-- partition: activity_date
-- lookback: 1
with
-- Places among the names in their order: the channel of a first event is found without sorting texts. A list, because
-- a join with so few rows took the events for its smaller side and held them all in memory; channels are few.
channels as (
    select list(channel order by channel) as channel_names
    from (
        select distinct coalesce(channel, 'direct') as channel
        from core.events
        where activity_date >= $from_date - 1 and activity_date < $until_date + 1
    ) as found
),

-- Events of a user in one day and slice of 30 minutes are never in two sessions: counted together before anything is
-- sorted. Slice and gap are both 1,800,000,000 microseconds. A day on either side, so that a session over midnight is
-- whole and its start is seen. Slices are counted from the year 1, so that no number is negative.
bursts as (
    select
        events.user_key,
        events.activity_date,
        (epoch_us(events.occurred_at) + 62135596800000000) // 1800000000 as slice_number,
        min(
            (((epoch_us(events.occurred_at) + 62135596800000000) % 1800000000) << 32)
            | list_position((select channel_names from channels), coalesce(events.channel, 'direct'))
        ) as entry,
        entry & 4294967295 as channel_number,
        slice_number * 1800000000 - 62135596800000000 + (entry >> 32) as first_us,
        max(epoch_us(events.occurred_at)) as last_us,
        cast(count(*) as integer) as events_count,
        cast(count(case when events.event_type = 'view' then 1 end) as integer) as views_count,
        cast(count(case when events.event_type = 'cart' then 1 end) as integer) as carts_count,
        bool_or(events.event_type = 'purchase') as has_purchase
    from core.events
    where
        events.activity_date >= $from_date - 1 and events.activity_date < $until_date + 1
        and events.event_type <> 'push_open'
    group by events.user_key, events.activity_date, slice_number
),

followed as materialized (
    select
        *,
        coalesce(
            first_us - lag(last_us) over (partition by user_key order by activity_date, slice_number) > 1800000000, true
        ) as is_start,
        coalesce(
            lead(first_us) over (partition by user_key order by activity_date, slice_number) > last_us + 1800000000,
            true
        ) as is_end
    from bursts
),

-- few: most sessions are a single burst
numbered as (
    select
        *,
        sum(case when is_start then 1 else 0 end) over in_order as session_index,
        max(case when is_start then activity_date end) over in_order as start_date
    from followed
    where not (is_start and is_end)
    window in_order as (partition by user_key order by activity_date, slice_number rows unbounded preceding)
),

together as (
    select
        user_key,
        start_date as activity_date,
        min(first_us) as first_us,
        max(last_us) as last_us,
        sum(events_count) as events_count,
        sum(views_count) as views_count,
        sum(carts_count) as carts_count,
        bool_or(has_purchase) as has_purchase,
        max(case when is_start then channel_number end) as channel_number
    from numbered
    where activity_date <= start_date + 1
    group by user_key, session_index, start_date
    union all
    select
        user_key,
        activity_date,
        first_us,
        last_us,
        events_count,
        views_count,
        carts_count,
        has_purchase,
        channel_number
    from followed
    where is_start and is_end
)

select
    together.user_key,
    together.activity_date,
    rank() over (partition by together.user_key, together.activity_date order by together.first_us) as session_number,
    make_timestamp(together.first_us) as started_at,
    make_timestamp(together.last_us) as ended_at,
    (together.last_us - together.first_us) // 1000000 as duration_s,
    together.events_count,
    together.views_count,
    together.carts_count,
    together.has_purchase,
    (select channel_names from channels)[together.channel_number] as entry_channel
from together
where together.activity_date >= $from_date and together.activity_date < $until_date
