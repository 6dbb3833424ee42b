-- One row per rule and channel: buyers it touched, orders credited, what they were paid, first orders credited.
-- As report.channel_attribution, for any range, look-back and half-life, and with channels of every size.
with rules as (
    select unnest(['first', 'last', 'last_non_direct', 'linear', 'position', 'time_decay', 'shapley']) as rule_name
),

conversions as (
    select *
    from core.conversion
    where ordered_date >= $from_date and ordered_date < $until_date
),

-- a day more than the look-back, which is counted in hours
touches as (
    select *
    from core.touch
    where activity_date >= $from_date - cast($lookback_days as integer) - 1 and activity_date < $until_date
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
            and touches.touched_at >= conversions.ordered_at - to_days(cast($lookback_days as integer))
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

credited as (
    select
        rules.rule_name,
        places.channel,
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
    cross join rules
)

select
    rule_name,
    channel,
    count(distinct user_key) as buyers_count,
    sum(credit) as conversions,
    sum(credit * cast(paid_amount as double)) as amount,
    sum(if(order_number = 1, credit, 0)) as new_customers
from credited
group by rule_name, channel
order by rule_name, channel
