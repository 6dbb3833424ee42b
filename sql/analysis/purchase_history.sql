-- One row per user with an order before $origin: the history known then, and what came in [$origin, $until).
-- Order days, windows and spend of repeat days are those of feature.order_activity and feature.spend, but refunds do
-- not count in the windows. For origins of which no snapshot is stored.
with orders_before as (
    select
        user_id,
        ordered_date,
        date_diff('day', ordered_date, $origin) as age_days,
        count(*) as orders_count
    from core.orders
    where
        kind = 'sale'
        and user_id is not null
        and ordered_date < $origin
        and (cancelled_date is null or cancelled_date >= $origin)
    group by user_id, ordered_date
),

histories as (
    select
        user_id,
        count(*) - 1 as repeat_days,
        max(age_days) - min(age_days) as first_to_last_days,
        max(age_days) as tenure_days,
        min(age_days) as recency_days,
        sum(orders_count) as orders_count,
        coalesce(sum(orders_count) filter (where age_days <= 90), 0) as orders_90d,
        coalesce(sum(orders_count) filter (where age_days <= 182), 0) as orders_182d,
        coalesce(sum(orders_count) filter (where age_days <= 365), 0) as orders_365d
    from orders_before
    group by user_id
),

days_before as (
    select
        user_id,
        date_diff('day', ordered_date, $origin) as age_days,
        cast(sum(paid_amount) as double) as paid_amount,
        cast(sum(paid_amount - returned_amount) as double) as net_amount,
        row_number() over (partition by user_id order by ordered_date) as day_number
    from core.order_items
    where
        user_id is not null
        and ordered_date < $origin
        and coalesce(cancelled_date >= $origin, true)
    group by user_id, ordered_date
),

spend_before as (
    select
        user_id,
        round(sum(paid_amount), 6) as paid_amount,
        round(avg(paid_amount) filter (where day_number > 1 and paid_amount > 0), 6) as monetary_mean_amount,
        round(coalesce(sum(net_amount) filter (where age_days <= 90), 0), 6) as net_amount_90d,
        round(coalesce(sum(net_amount) filter (where age_days <= 182), 0), 6) as net_amount_182d,
        round(coalesce(sum(net_amount) filter (where age_days <= 365), 0), 6) as net_amount_365d
    from days_before
    group by user_id
),

orders_after as (
    select
        user_id,
        count(*) as future_orders_count
    from core.orders
    where kind = 'sale' and is_paid and ordered_date >= $origin and ordered_date < $until
    group by user_id
),

movements_after as (
    select
        user_id,
        cast(paid_amount as double) - cast(returned_amount as double) as amount
    from core.order_items
    where is_paid and ordered_date >= $origin and ordered_date < $until
    union all
    select
        user_id,
        -cast(refund_amount as double) as amount
    from core.order_items
    where is_paid and refunded_date >= $origin and refunded_date < $until
),

spend_after as (
    select
        user_id,
        round(sum(amount), 6) as future_net_amount
    from movements_after
    group by user_id
)

select
    histories.*,
    spend_before.monetary_mean_amount,
    spend_before.paid_amount / nullif(histories.orders_count, 0) as average_order_amount,
    coalesce(spend_before.net_amount_90d, 0) as net_amount_90d,
    coalesce(spend_before.net_amount_182d, 0) as net_amount_182d,
    coalesce(spend_before.net_amount_365d, 0) as net_amount_365d,
    coalesce(orders_after.future_orders_count, 0) as future_orders_count,
    coalesce(spend_after.future_net_amount, 0) as future_net_amount
from histories
left join spend_before on histories.user_id = spend_before.user_id
left join orders_after on histories.user_id = orders_after.user_id
left join spend_after on histories.user_id = spend_after.user_id
order by histories.user_id
