-- One row per calendar month and population (all, identified, guests): what was sold, given back and kept.
-- Gross = placed sale lines before discount. Net = gross - discount - unpaid - returned - refund.
-- Returns count on the day they were booked, refunds of lines on the day they were made.
-- grain: month_date, population
-- assert: gross_amount >= 0
-- may-be-empty: a shop without orders has no revenue
with movements as (
    select
        cast(date_trunc('month', ordered_date) as date) as month_date,
        user_id,
        order_id,
        gross_amount,
        discount_amount,
        case when is_paid then 0 else paid_amount end as unpaid_amount,
        -- a return that was called off gave nothing back
        case when is_paid then returned_amount else 0 end as returned_amount,
        0 as refund_amount,
        is_paid and not is_return as is_paid_sale,
        is_paid and is_return as is_paid_return
    from core.order_items
    union all
    select
        cast(date_trunc('month', refunded_date) as date) as month_date,
        user_id,
        order_id,
        0 as gross_amount,
        0 as discount_amount,
        0 as unpaid_amount,
        0 as returned_amount,
        refund_amount,
        false as is_paid_sale,
        false as is_paid_return
    from core.order_items
    where refund_amount > 0 and refunded_date is not null and is_paid
),

populations as (
    select
        *,
        'all' as population
    from movements
    union all
    select
        *,
        case when user_id is null then 'guests' else 'identified' end as population
    from movements
),

summed as (
    select
        month_date,
        population,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(unpaid_amount) as unpaid_amount,
        sum(returned_amount) as returned_amount,
        sum(refund_amount) as refund_amount,
        count(distinct case when is_paid_sale then order_id end) as orders_count,
        count(distinct case when is_paid_sale then user_id end) as buyers_count,
        count(distinct case when is_paid_return then order_id end) as returns_count
    from populations
    group by month_date, population
)

select
    *,
    gross_amount - discount_amount - unpaid_amount - returned_amount - refund_amount as net_amount,
    cast(gross_amount - discount_amount - unpaid_amount as double) / nullif(orders_count, 0) as average_order_value
from summed
