-- One row per sequence of channels: conversions it led to, their value, and how often it led to none.
-- Conversion: a paid order in the range, worth what its lines were paid. Its path: the touches of the buyer in the
-- look-back before it, the order's moment included. Touches in the range that stand in no path make one path per
-- user without conversion. An order with no touch before it has the empty sequence.
with conversions as (
    select *
    from core.conversion
    where ordered_date >= $from_date and ordered_date < $until_date
),

touches as (
    select *
    from core.touch
    where activity_date >= $from_date - cast($lookback_days as integer) - 1 and activity_date < $until_date
),

pairs as (
    select
        conversions.order_id,
        touches.user_key,
        touches.touched_at,
        touches.channel
    from conversions
    inner join touches
        on
            conversions.user_key = touches.user_key
            and conversions.ordered_at >= touches.touched_at
            and touches.touched_at >= conversions.ordered_at - to_days(cast($lookback_days as integer))
),

converted as (
    select
        order_id,
        list(channel order by touched_at, channel) as channels
    from pairs
    group by order_id
),

unconverted as (
    select list(touches.channel order by touches.touched_at, touches.channel) as channels
    from touches
    anti join pairs
        on
            touches.user_key = pairs.user_key
            and touches.touched_at = pairs.touched_at
            and touches.channel = pairs.channel
    where touches.activity_date >= $from_date
    group by touches.user_key
),

together as (
    select
        coalesce(converted.channels, list_value()) as channels,
        1 as conversions,
        0 as dead_ends,
        if(conversions.order_number = 1, 1, 0) as new_customers,
        conversions.paid_amount
    from conversions
    left join converted on conversions.order_id = converted.order_id
    union all
    select
        channels,
        0 as conversions,
        1 as dead_ends,
        0 as new_customers,
        0 as paid_amount
    from unconverted
)

select
    channels,
    sum(conversions) as conversions,
    sum(dead_ends) as dead_ends,
    sum(new_customers) as new_customers,
    cast(sum(paid_amount) as double) as amount
from together
group by channels
order by channels
