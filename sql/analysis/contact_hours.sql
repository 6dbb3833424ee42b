-- One row per user, kind (0 hour, 1 weekday, 2 channel) and choice: activity since $from_date, and from $origin on.
-- Activity = active events and orders of signed-in users, on the shop's clock; hours 0-23, weekdays 1-7, channels by
-- place in $channel_names from 1. timed_count: not at midnight sharp; a source without any knows days only.
with moments as (
    select
        events.user_key,
        events.activity_date,
        events.occurred_at,
        list_position(cast($channel_names as varchar[]), events.channel) as channel_number
    from core.events
    inner join core.users on events.user_key = users.user_key
    where
        events.event_type <> 'push_open'
        and events.activity_date >= $from_date
        and events.activity_date < $until
    union all
    select
        users.user_key,
        orders.ordered_date as activity_date,
        orders.ordered_at as occurred_at,
        null as channel_number
    from core.orders
    inner join core.users on orders.user_id = users.user_id
    where
        orders.kind = 'sale'
        and orders.ordered_date >= $from_date
        and orders.ordered_date < $until
        and (orders.cancelled_date is null or orders.cancelled_date >= $origin)
),

-- clocks go by whole quarters of an hour: each quarter is converted once, not each event
quarters as (
    select
        time_bucket(interval 15 minutes, occurred_at) as quarter_at,
        timezone($time_zone, timezone('UTC', time_bucket(interval 15 minutes, occurred_at))) as local_quarter
    from moments
    group by time_bucket(interval 15 minutes, occurred_at)
),

counted as (
    select
        moments.user_key,
        hour(quarters.local_quarter) as hour_of_day,
        isodow(moments.activity_date) as weekday_number,
        moments.channel_number,
        count(*) filter (where moments.activity_date < $origin) as before_count,
        count(*) filter (where moments.activity_date >= $origin) as after_count,
        count(*) filter (
            where
            moments.occurred_at <> quarters.quarter_at
            or quarters.local_quarter <> date_trunc('day', quarters.local_quarter)
        ) as timed_count
    from moments
    inner join quarters on time_bucket(interval 15 minutes, moments.occurred_at) = quarters.quarter_at
    group by
        moments.user_key,
        hour(quarters.local_quarter),
        isodow(moments.activity_date),
        moments.channel_number
),

chosen as (
    select
        user_key,
        0 as kind_number,
        hour_of_day as choice,
        before_count,
        after_count,
        timed_count
    from counted
    union all
    select
        user_key,
        1 as kind_number,
        weekday_number as choice,
        before_count,
        after_count,
        0 as timed_count
    from counted
    union all
    select
        user_key,
        2 as kind_number,
        channel_number as choice,
        before_count,
        after_count,
        0 as timed_count
    from counted
    where channel_number is not null
)

select
    user_key,
    cast(kind_number as integer) as kind_number,
    cast(choice as integer) as choice,
    cast(sum(before_count) as integer) as before_count,
    cast(sum(after_count) as integer) as after_count,
    cast(sum(timed_count) as integer) as timed_count
from chosen
group by user_key, kind_number, choice
