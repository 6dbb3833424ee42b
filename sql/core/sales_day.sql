-- One row per order day, day on which money moved and population (identified, guests): what was sold and given back.
-- Sales and booked returns move on the order's own day, refunds of lines on the day they were made. Gross = placed sale
-- lines before discount; unpaid = those of orders that do not count, less discount. A return or refund that was called
-- off gave nothing back.
-- grain: ordered_date, money_date, population
-- partition: ordered_date
-- assert: gross_amount >= 0
-- may-be-empty: a shop without orders has no sales
with per_order as (
    select
        order_id,
        ordered_date,
        user_id is null as is_guest,
        is_paid,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(case when is_paid then 0 else paid_amount end) as unpaid_amount,
        sum(case when is_paid then returned_amount else 0 end) as returned_amount,
        bool_or(is_paid and not is_return) as is_paid_sale,
        bool_or(is_paid and is_return) as is_paid_return
    from core.order_items
    where ordered_date >= $from_date and ordered_date < $until_date
    group by order_id, ordered_date, is_guest, is_paid
),

movements as (
    select
        ordered_date,
        ordered_date as money_date,
        is_guest,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(unpaid_amount) as unpaid_amount,
        sum(returned_amount) as returned_amount,
        0 as refund_amount,
        count(*) filter (where is_paid_sale) as orders_count,
        count(*) filter (where is_paid_return) as returns_count
    from per_order
    group by ordered_date, is_guest
    union all
    select
        ordered_date,
        refunded_date as money_date,
        user_id is null as is_guest,
        0 as gross_amount,
        0 as discount_amount,
        0 as unpaid_amount,
        0 as returned_amount,
        sum(refund_amount) as refund_amount,
        0 as orders_count,
        0 as returns_count
    from core.order_items
    where
        refund_amount > 0 and refunded_date is not null and is_paid
        and ordered_date >= $from_date and ordered_date < $until_date
    group by ordered_date, refunded_date, is_guest
)

select
    ordered_date,
    money_date,
    case when is_guest then 'guests' else 'identified' end as population,
    sum(gross_amount) as gross_amount,
    sum(discount_amount) as discount_amount,
    sum(unpaid_amount) as unpaid_amount,
    sum(returned_amount) as returned_amount,
    sum(refund_amount) as refund_amount,
    sum(orders_count) as orders_count,
    sum(returns_count) as returns_count
from movements
group by ordered_date, money_date, is_guest
