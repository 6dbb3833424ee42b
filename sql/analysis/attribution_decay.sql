-- One row per channel: conversions and value credited by time decay, half as much per half-life before the order.
-- Conversions and touches as in attribution_paths; the weights of the touches of one conversion sum to 1.
with conversions as (
    select *
    from core.conversion
    where ordered_date >= $from_date and ordered_date < $until_date
),

weighted as (
    select
        conversions.order_id,
        conversions.paid_amount,
        conversions.order_number,
        touches.channel,
        power(0.5, (epoch(conversions.ordered_at) - epoch(touches.touched_at)) / 86400 / $half_life_days) as weight
    from conversions
    inner join core.touch as touches
        on
            conversions.user_key = touches.user_key
            and conversions.ordered_at >= touches.touched_at
            and touches.touched_at >= conversions.ordered_at - to_days(cast($lookback_days as integer))
    where
        touches.activity_date >= $from_date - cast($lookback_days as integer) - 1
        and touches.activity_date < $until_date
),

credited as (
    select
        channel,
        paid_amount,
        order_number,
        weight / nullif(sum(weight) over (partition by order_id), 0) as credit
    from weighted
)

select
    channel,
    sum(credit) as conversions,
    sum(if(order_number = 1, credit, 0)) as new_customers,
    sum(credit * cast(paid_amount as double)) as amount
from credited
group by channel
order by channel
