-- One row per user known at as_of and horizon: what the user did in [as_of, as_of + horizon).
-- grain: user_id, as_of, horizon_days
-- may-be-empty: nobody was known at as_of, as in a shop of a single day
with everyone as (
    select user_id
    from core.orders
    where kind = 'sale' and user_id is not null and ordered_date < $as_of
    union
    select users.user_id
    from core.user_day
    inner join core.users on user_day.user_key = users.user_key
    where user_day.activity_date < $as_of
),

orders_after as (
    select
        user_id,
        count(*) filter (where is_paid) as future_orders_count,
        count(*) as placed_count
    from core.orders
    where
        kind = 'sale'
        and ordered_date >= $as_of
        and ordered_date < $as_of + $horizon_days
    group by user_id
),

movements_after as (
    select
        user_id,
        cast(paid_amount as double) - cast(returned_amount as double) as amount
    from core.order_items
    where ordered_date >= $as_of and ordered_date < $as_of + $horizon_days and is_paid
    union all
    select
        user_id,
        -cast(refund_amount as double) as amount
    from core.order_items
    where refunded_date >= $as_of and refunded_date < $as_of + $horizon_days and is_paid
),

spend_after as (
    select
        user_id,
        round(sum(amount), 6) as future_net_amount
    from movements_after
    group by user_id
),

active_after as (
    select distinct users.user_id
    from core.user_day
    inner join core.users on user_day.user_key = users.user_key
    where
        user_day.activity_date >= $as_of
        and user_day.activity_date < $as_of + $horizon_days
        and user_day.events_count > user_day.passive_events_count
)

select
    everyone.user_id,
    $as_of as as_of,
    $horizon_days as horizon_days,
    coalesce(orders_after.future_orders_count, 0) > 0 as has_purchased,
    orders_after.placed_count is null and active_after.user_id is null as has_churned,
    coalesce(orders_after.future_orders_count, 0) as future_orders_count,
    coalesce(spend_after.future_net_amount, 0) as future_net_amount
from everyone
left join orders_after on everyone.user_id = orders_after.user_id
left join spend_after on everyone.user_id = spend_after.user_id
left join active_after on everyone.user_id = active_after.user_id
