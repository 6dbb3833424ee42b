-- One row per user, kind (0 hour, 1 weekday, 2 channel) and choice: activity since $from_date, and from $origin on.
-- Activity = active events and orders of signed-in users, on the shop's clock; hours 0-23, weekdays 1-7, channels by
-- place in $channel_names from 1. timed_count: not at midnight sharp; a source without any knows days only.
with activity as (
    select
        events.user_key,
        events.activity_date,
        timezone($time_zone, timezone('UTC', events.occurred_at)) as local_time,
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
        timezone($time_zone, timezone('UTC', orders.ordered_at)) as local_time,
        null as channel_number
    from core.orders
    inner join core.users on orders.user_id = users.user_id
    where
        orders.kind = 'sale'
        and orders.ordered_date >= $from_date
        and orders.ordered_date < $until
        and (orders.cancelled_date is null or orders.cancelled_date >= $origin)
),

chosen as (
    select
        user_key,
        0 as kind_number,
        hour(local_time) as choice,
        activity_date,
        local_time <> date_trunc('day', local_time) as is_timed
    from activity
    union all
    select
        user_key,
        1 as kind_number,
        isodow(activity_date) as choice,
        activity_date,
        false as is_timed
    from activity
    union all
    select
        user_key,
        2 as kind_number,
        channel_number as choice,
        activity_date,
        false as is_timed
    from activity
    where channel_number is not null
)

select
    user_key,
    cast(kind_number as integer) as kind_number,
    cast(choice as integer) as choice,
    cast(count(*) filter (where activity_date < $origin) as integer) as before_count,
    cast(count(*) filter (where activity_date >= $origin) as integer) as after_count,
    cast(count(*) filter (where is_timed) as integer) as timed_count
from chosen
group by user_key, kind_number, choice
