-- One row per as_of, dimension (all, persona), group, weekday (1 = Monday) and hour: active events of the last 56 days.
-- When to publish for whom: hour_rank 1 is the busiest hour of the group. Signed-in users; personas of as_of; hours of
-- the shop's clock. events_share: over all events of the group in 56 days. Hours of fewer than 10 users are left out.
-- grain: as_of, dimension, dimension_value, weekday_number, hour_of_day
-- assert: users_count >= 10
-- may-be-empty: fewer than 10 users were active in the 56 days before as_of
with policy as (
    select 10 as users_at_least
),

-- eight weeks, written out so that no other date is read; a quarter of an hour is fine enough for every time zone
moments as (
    select
        user_key,
        isodow(activity_date) as weekday_number,
        time_bucket(interval 15 minute, occurred_at) as quarter_at,
        count(*) as events_count
    from core.events
    where activity_date >= $as_of - 56 and activity_date < $as_of and event_type <> 'push_open'
    group by all
),

clock as (
    select coalesce(max(value), 'UTC') as time_zone
    from bronze.home
    where setting = 'time_zone'
),

quarters as (
    select
        quarter_at,
        hour(timezone(clock.time_zone, timezone('UTC', quarter_at))) as hour_of_day
    from (select distinct quarter_at from moments) as found
    cross join clock
),

user_groups as (
    select
        user_key,
        dimension,
        dimension_value
    from core.user_group
    where dimension = 'all'
    union all
    select
        users.user_key,
        'persona' as dimension,
        coalesce(scored.persona, 'unknown') as dimension_value
    from core.users
    left join score.user_persona as scored on users.user_id = scored.user_id and scored.as_of = $as_of
),

hours as (
    select
        user_groups.dimension,
        user_groups.dimension_value,
        moments.weekday_number,
        quarters.hour_of_day,
        sum(moments.events_count) as events_count,
        count(distinct moments.user_key) as users_count
    from moments
    inner join quarters on moments.quarter_at = quarters.quarter_at
    inner join user_groups on moments.user_key = user_groups.user_key
    group by all
),

ranked as (
    select
        *,
        cast(events_count as double)
        / nullif(sum(events_count) over (partition by dimension, dimension_value), 0) as events_share,
        rank() over (
            partition by dimension, dimension_value order by events_count desc, weekday_number asc, hour_of_day asc
        ) as hour_rank
    from hours
)

select
    $as_of as as_of,
    ranked.*
from ranked
cross join policy
where ranked.users_count >= policy.users_at_least
