-- One row per user, kind (hour, weekday, channel) and choice: activity since $from_date, and from $origin to $until.
-- Activity = active events and orders of signed-in users, on the shop's clock. timed_count: not at midnight sharp; a
-- source without any knows days only, and its hour 0 says nothing.
with activity as (
    select
        users.user_id,
        events.activity_date,
        timezone($time_zone, timezone('UTC', events.occurred_at)) as local_time,
        events.channel
    from core.events
    inner join core.users on events.user_key = users.user_key
    where
        events.event_type <> 'push_open'
        and events.activity_date >= $from_date
        and events.activity_date < $until
    union all
    select
        user_id,
        ordered_date as activity_date,
        timezone($time_zone, timezone('UTC', ordered_at)) as local_time,
        null as channel
    from core.orders
    where
        kind = 'sale'
        and user_id is not null
        and ordered_date >= $from_date
        and ordered_date < $until
        and (cancelled_date is null or cancelled_date >= $origin)
),

hourly as (
    select
        user_id,
        channel,
        cast(hour(local_time) as integer) as hour_of_day,
        cast(isodow(activity_date) as integer) as weekday_number,
        count(*) filter (where activity_date < $origin) as before_count,
        count(*) filter (where activity_date >= $origin) as after_count,
        count(*) filter (where local_time <> date_trunc('day', local_time)) as timed_count
    from activity
    group by user_id, channel, hour_of_day, weekday_number
)

select
    user_id,
    'hour' as kind,
    cast(hour_of_day as varchar) as choice,
    sum(before_count) as before_count,
    sum(after_count) as after_count,
    sum(timed_count) as timed_count
from hourly
group by user_id, hour_of_day
union all
select
    user_id,
    'weekday' as kind,
    cast(weekday_number as varchar) as choice,
    sum(before_count) as before_count,
    sum(after_count) as after_count,
    sum(timed_count) as timed_count
from hourly
group by user_id, weekday_number
union all
select
    user_id,
    'channel' as kind,
    channel as choice,
    sum(before_count) as before_count,
    sum(after_count) as after_count,
    sum(timed_count) as timed_count
from hourly
where channel is not null
group by user_id, channel
order by kind, user_id, choice
