-- One row per user with an order before as_of: the three figures of RFM as in feature.order_activity and feature.spend.
with ordered as (
    select
        user_id,
        date_diff('day', max(ordered_date), $as_of) as recency_days,
        count(*) as orders_count
    from core.orders
    where
        kind = 'sale'
        and user_id is not null
        and ordered_date < $as_of
        and (cancelled_date is null or cancelled_date >= $as_of)
    group by user_id
),

movements as (
    select
        user_id,
        paid_amount - returned_amount as amount
    from core.order_items
    where
        ordered_date < $as_of
        and ordered_date >= $as_of - 365
        and (cancelled_date is null or cancelled_date >= $as_of)
    union all
    select
        user_id,
        -refund_amount as amount
    from core.order_items
    where
        refunded_date < $as_of
        and refunded_date >= $as_of - 365
        and (cancelled_date is null or cancelled_date >= $as_of)
),

spent as (
    select
        user_id,
        sum(amount) as net_amount_365d
    from movements
    group by user_id
)

select
    ordered.user_id,
    ordered.recency_days,
    ordered.orders_count,
    coalesce(spent.net_amount_365d, 0) as net_amount_365d
from ordered
left join spent on ordered.user_id = spent.user_id
