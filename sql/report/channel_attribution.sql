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
with channels as (
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
    from core.conversion as conversions
    left join core.touch as touches
        on
            conversions.user_key = touches.user_key
            and conversions.ordered_at >= touches.touched_at
            and touches.touched_at >= conversions.ordered_at - to_days($lookback_days)
            -- a day more than the look-back, which is counted in hours
            and touches.activity_date between $as_of - $window_days - $lookback_days - 1 and $as_of - 1
    where conversions.ordered_date >= $as_of - $window_days and conversions.ordered_date < $as_of
    group by all
),

-- touches of one moment stand in the order of their channels' names
totals as (
    select
        user_key,
        order_number,
        min(struct_pack(touched_at := first_at, channel := channel)) as first_touch,
        max(struct_pack(touched_at := last_at, channel := channel)) as last_touch,
        max(struct_pack(touched_at := last_at, channel := channel)) filter (where channel <> 'direct') as last_named,
        cast(count(*) as double) as channels_count,
        sum(touches_count) as all_count,
        sum(weight) as all_weight
    from channels
    group by user_key, order_number
),

large as (
    select
        channel,
        count(distinct user_key) >= $buyers_at_least as is_large
    from channels
    group by channel
),

-- every channel of an order has a credit under every rule, be it 0: its buyers are the same under all
shared as (
    select
        if(large.is_large, channel, '(other)') as channel,
        user_key,
        order_number = 1 as is_first_order,
        cast(channels.paid_amount as double) as paid_amount,
        if(totals.first_touch.channel = channel, 1, 0) as is_first,
        if(totals.last_touch.channel = channel, 1, 0) as is_last,
        if(coalesce(totals.last_named, totals.last_touch).channel = channel, 1, 0) as is_last_non_direct,
        channels.touches_count / nullif(totals.all_count, 0) as linear_credit,
        [
            is_first,
            is_last,
            is_last_non_direct,
            linear_credit,
            if(
                totals.all_count <= 2, linear_credit, 0.4 * (is_first + is_last)
                + 0.2 * (channels.touches_count - is_first - is_last) / nullif(totals.all_count - 2, 0)
            ),
            channels.weight / nullif(totals.all_weight, 0),
            1 / nullif(totals.channels_count, 0)
        ] as credits
    from channels
    inner join totals using (user_key, order_number)
    inner join large using (channel)
),

buyers as (
    select
        channel,
        count(distinct user_key) as buyers_count
    from shared
    group by channel
    having count(distinct user_key) >= $buyers_at_least
),

credited as (
    select
        channel,
        paid_amount,
        is_first_order,
        unnest(['first', 'last', 'last_non_direct', 'linear', 'position', 'time_decay', 'shapley']) as rule_name,
        unnest(credits) as credit
    from shared
)

select
    $as_of as as_of,
    credited.rule_name as attribution_rule,
    credited.channel,
    buyers.buyers_count,
    round(sum(credited.credit), 9) as orders_credit,
    round(sum(credited.credit * credited.paid_amount), 6) as credited_amount,
    round(sum(if(credited.is_first_order, credited.credit, 0)), 9) as new_customers_credit
from credited
inner join buyers on credited.channel = buyers.channel
group by credited.rule_name, credited.channel, buyers.buyers_count
