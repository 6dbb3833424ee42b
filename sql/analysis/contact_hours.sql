-- One row per user, kind (0 hour, 1 weekday, 2 channel) and choice: activity since $from_date, and from $origin on.
-- Activity = active events and orders of signed-in users, on the shop's clock; hours 0-23, weekdays 1-7, channels by
-- place in $channel_names from 1. timed_count: not at midnight sharp; a source without any knows days only.
with
-- Clocks go by whole quarters of an hour: each quarter of the range is converted once, not each event, and looked up in
-- a list. Quarters are counted from the year 1, so that no number is negative.
clock as (
    select
        min(quarter_number) as first_number,
        list(quarter_of_day order by quarter_number) as quarters_of_day
    from (
        select
            quarter_number,
            hour(local_quarter) * 4 + minute(local_quarter) // 15 as quarter_of_day
        from (
            select
                quarter_number,
                timezone(
                    $time_zone, timezone('UTC', make_timestamp(quarter_number * 900000000 - 62135596800000000))
                ) as local_quarter
            from (
                select unnest(range(
                    (epoch_us(cast($from_date as timestamp)) + 62135596800000000) // 900000000 - 192,
                    (epoch_us(cast($until as timestamp)) + 62135596800000000) // 900000000 + 192
                )) as quarter_number
            ) as numbers
        ) as converted
    ) as found
),

moments as (
    select
        events.user_key,
        events.activity_date,
        epoch_us(events.occurred_at) + 62135596800000000 as since_us,
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
        epoch_us(orders.ordered_at) + 62135596800000000 as since_us,
        null as channel_number
    from core.orders
    inner join core.users on orders.user_id = users.user_id
    where
        orders.kind = 'sale'
        and orders.ordered_date >= $from_date
        and orders.ordered_date < $until
        and (orders.cancelled_date is null or orders.cancelled_date >= $origin)
),

placed as (
    select
        moments.*,
        clock.quarters_of_day[moments.since_us // 900000000 - clock.first_number + 1] as quarter_of_day
    from moments
    cross join clock
),

counted as (
    select
        user_key,
        quarter_of_day // 4 as hour_of_day,
        isodow(activity_date) as weekday_number,
        channel_number,
        count(*) filter (where activity_date < $origin) as before_count,
        count(*) filter (where activity_date >= $origin) as after_count,
        count(*) filter (where quarter_of_day <> 0 or since_us % 900000000 <> 0) as timed_count
    from placed
    group by all
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
