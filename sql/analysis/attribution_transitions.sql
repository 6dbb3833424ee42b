-- One row per pair of places that follow each other on a path: how often they do.
-- A path: the touches in the look-back before a paid order of the range, from `(start)` to `(conversion)`; or a user's
-- touches in the range that stand before no order, from `(start)` to `(null)`. Touches of one moment follow by name.
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
        conversions.user_key,
        conversions.order_number,
        touches.touched_at,
        touches.channel
    from conversions
    inner join touches
        on
            conversions.user_key = touches.user_key
            and conversions.ordered_at >= touches.touched_at
            and touches.touched_at >= conversions.ordered_at - to_days(cast($lookback_days as integer))
),

led_nowhere as (
    select
        touches.user_key,
        touches.touched_at,
        touches.channel
    from touches
    anti join pairs
        on
            touches.user_key = pairs.user_key
            and touches.touched_at = pairs.touched_at
            and touches.channel = pairs.channel
    where touches.activity_date >= $from_date
),

steps as (
    select
        lag(channel, 1, '(start)') over (
            partition by user_key, order_number order by touched_at asc, channel asc
        ) as from_place,
        channel,
        if(lead(channel) over (
            partition by user_key, order_number order by touched_at asc, channel asc
        ) is null, '(conversion)', null) as last_place
    from pairs
    union all
    select
        lag(channel, 1, '(start)') over (partition by user_key order by touched_at asc, channel asc) as from_place,
        channel,
        if(lead(channel) over (
            partition by user_key order by touched_at asc, channel asc
        ) is null, '(null)', null) as last_place
    from led_nowhere
),

places as (
    select
        from_place,
        channel as to_place
    from steps
    union all
    select
        channel as from_place,
        last_place as to_place
    from steps
    where last_place is not null
)

select
    from_place,
    to_place,
    count(*) as paths_count
from places
group by from_place, to_place
order by from_place, to_place
