-- Users with an order before as_of: recency, orders, net spend of a year, each scored 1 to 5 by quintile.
with ordered as (
    select
        user_id,
        dateDiff('day', max(ordered_date), toDate32('{as_of}')) as recency_days,
        count() as orders_count
    from orders
    where
        kind = 'sale'
        and user_id is not null
        and ordered_date < toDate32('{as_of}')
        and (cancelled_date is null or cancelled_date >= toDate32('{as_of}'))
    group by user_id
),

spent as (
    select
        user_id,
        sum(
            if(ordered_date >= toDate32('{as_of}') - 365 and ordered_date < toDate32('{as_of}'), paid_amount - returned_amount, 0)
        ) - sum(
            if(
                refunded_date >= toDate32('{as_of}') - 365 and refunded_date < toDate32('{as_of}'), refund_amount, 0
            )
        ) as net_amount
    from order_items
    where cancelled_date is null or cancelled_date >= toDate32('{as_of}')
    group by user_id
),

figures as (
    select
        ordered.user_id as user_id,
        ordered.recency_days as recency_days,
        ordered.orders_count as orders_count,
        spent.net_amount as net_amount_365d
    from ordered
    left join spent on ordered.user_id = spent.user_id
)

select
    *,
    if(
        min(recency_days) over () = max(recency_days) over (),
        3,
        1 + intDiv(5 * (rank() over (order by recency_days desc) - 1), count() over ())
    ) as recency_score,
    if(
        min(orders_count) over () = max(orders_count) over (),
        3,
        1 + intDiv(5 * (rank() over (order by orders_count) - 1), count() over ())
    ) as frequency_score,
    if(
        min(net_amount_365d) over () = max(net_amount_365d) over (),
        3,
        1 + intDiv(5 * (rank() over (order by net_amount_365d) - 1), count() over ())
    ) as monetary_score
from figures
