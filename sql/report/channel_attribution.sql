-- One row per as_of, rule and channel: paid orders of the 90 days before as_of, credited to the touches before them.
-- Touches (core.touch) up to 30 days before an order share a credit of 1. Rules: first, last, last_non_direct, linear,
-- position (40/20/40; of two half each), time_decay (half-life 7 days), shapley (each different channel the same).
-- Signed-in users. Orders with no touch stand as `(no touch)`, what has fewer than 10 buyers together as `(other)`;
-- if that still has fewer, it is left out. new_customers_credit: credit of buyers' first orders.
-- policy: window_days = 90
-- policy: lookback_days = 30
-- policy: half_life_days = 7
-- policy: buyers_at_least = 10
-- grain: as_of, attribution_rule, channel
-- assert: orders_credit >= 0
-- assert: buyers_count >= 10
-- may-be-empty: fewer than 10 users bought in the 90 days before as_of
with rules as (
    select unnest(['first', 'last', 'last_non_direct', 'linear', 'position', 'time_decay', 'shapley']) as rule_name
),

conversions as (
    select *
    from core.conversion
    where ordered_date >= $as_of - $window_days and ordered_date < $as_of
),

-- a day more than the look-back, which is counted in hours
touches as (
    select *
    from core.touch
    where
        activity_date >= $as_of - $window_days - $lookback_days - 1
        and activity_date < $as_of
),

channels as (
    select
        conversions.user_key,
        conversions.order_number,
        conversions.paid_amount,
        coalesce(touches.channel, '(no touch)') as channel,
        min(touches.touched_at) as first_at,
        max(touches.touched_at) as last_at,
        cast(count(*) as double) as touches_count,
        sum(power(
            0.5,
            (epoch(conversions.ordered_at) - epoch(coalesce(touches.touched_at, conversions.ordered_at)))
            / nullif(cast($half_life_days as double) * 86400, 0)
        )) as weight
    from conversions
    left join touches
        on
            conversions.user_key = touches.user_key
            and conversions.ordered_at >= touches.touched_at
            and touches.touched_at >= conversions.ordered_at - to_days($lookback_days)
    group by all
),

-- touches of one moment stand in the order of their channels' names
places as (
    select
        *,
        if(rank() over (partition by user_key, order_number order by first_at, channel) = 1, 1, 0) as is_first,
        if(rank() over (partition by user_key, order_number order by last_at desc, channel desc) = 1, 1, 0) as is_last,
        if(
            rank() over (
                partition by user_key, order_number order by channel = 'direct' asc, last_at desc, channel desc
            ) = 1, 1, 0
        ) as is_last_non_direct,
        cast(count(*) over (partition by user_key, order_number) as double) as channels_count,
        sum(touches_count) over (partition by user_key, order_number) as all_count,
        sum(weight) over (partition by user_key, order_number) as all_weight
    from channels
),

large as (
    select
        channel,
        count(distinct user_key) >= $buyers_at_least as is_large
    from channels
    group by channel
),

credited as (
    select
        rules.rule_name,
        if(large.is_large, places.channel, '(other)') as channel,
        places.user_key,
        places.order_number,
        places.paid_amount,
        case rules.rule_name
            when 'first' then places.is_first
            when 'last' then places.is_last
            when 'last_non_direct' then places.is_last_non_direct
            when 'linear' then places.touches_count / nullif(places.all_count, 0)
            when 'position'
                then if(
                    places.all_count <= 2,
                    places.touches_count / nullif(places.all_count, 0),
                    0.4 * (places.is_first + places.is_last)
                    + 0.2 * (places.touches_count - places.is_first - places.is_last) / nullif(places.all_count - 2, 0)
                )
            when 'time_decay' then places.weight / nullif(places.all_weight, 0)
            when 'shapley' then 1 / nullif(places.channels_count, 0)
        end as credit
    from places
    inner join large on places.channel = large.channel
    cross join rules
)

select
    $as_of as as_of,
    rule_name as attribution_rule,
    channel,
    count(distinct user_key) as buyers_count,
    round(sum(credit), 9) as orders_credit,
    round(sum(credit * cast(paid_amount as double)), 6) as credited_amount,
    round(sum(if(order_number = 1, credit, 0)), 9) as new_customers_credit
from credited
group by rule_name, channel
having count(distinct user_key) >= $buyers_at_least
