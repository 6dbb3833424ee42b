-- One row per order line whose order is there, with its money in the base currency.
-- A line with a negative amount is a return: it counts on its own day and is never a purchase.
-- grain: order_id, line_number
-- partition: ordered_date
-- assert: gross_amount >= 0
-- assert: returned_amount >= 0
with dated_orders as (
    select *
    from core.orders
    where ordered_date >= $from_date and ordered_date < $until_date
),

newest_version as (
    select *
    from bronze.order_items
    where order_id in (select order_id from dated_orders)
    qualify row_number() over (
        partition by order_id, line_number
        order by updated_at desc nulls last, row_hash desc
    ) = 1
),

converted as (
    select
        newest_version.order_id,
        newest_version.line_number,
        orders.user_id,
        orders.ordered_date,
        orders.is_paid,
        orders.cancelled_date,
        newest_version.product_id,
        newest_version.quantity,
        newest_version.refunded_date,
        -- a line of no value follows its pieces, or else its order
        case
            when newest_version.line_amount = 0 then coalesce(newest_version.quantity, 0) < 0 or orders.kind = 'return'
            else newest_version.line_amount < 0
        end as is_return,
        -- at rate 1 the cents stay exact; else the converted double is rounded once
        case
            when orders.exchange_rate = 1 then newest_version.line_amount
            else cast(round(cast(newest_version.line_amount as double) * orders.exchange_rate, 4) as decimal(18, 4))
        end as amount,
        case
            when orders.exchange_rate = 1 then coalesce(newest_version.discount, 0)
            else cast(
                round(cast(coalesce(newest_version.discount, 0) as double) * orders.exchange_rate, 4) as decimal(18, 4)
            )
        end as discount,
        case
            when orders.exchange_rate = 1 then coalesce(newest_version.refunded_amount, 0)
            else cast(
                round(cast(coalesce(newest_version.refunded_amount, 0) as double) * orders.exchange_rate, 4)
                as decimal(18, 4)
            )
        end as refund_amount
    from newest_version
    inner join dated_orders as orders on newest_version.order_id = orders.order_id
)

select
    order_id,
    line_number,
    user_id,
    ordered_date,
    is_paid,
    cancelled_date,
    product_id,
    quantity,
    refunded_date,
    is_return,
    case when amount >= 0 then amount else 0 end as gross_amount,
    case when amount >= 0 then discount else 0 end as discount_amount,
    case when amount >= 0 then amount - discount else 0 end as paid_amount,
    case when amount < 0 then greatest(discount - amount, 0) else 0 end as returned_amount,
    refund_amount
from converted
