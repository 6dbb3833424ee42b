-- One row per calendar month and population (all, identified, guests): what was sold, given back and kept.
-- Gross = placed sale lines before discount. Net = gross - discount - unpaid - returned - refund.
-- Returns count on the day they were booked, refunds of lines on the day they were made.
-- grain: month_date, population
-- assert: gross_amount >= 0
-- may-be-empty: a shop without orders has no revenue
with populations as (
    select
        cast(date_trunc('month', money_date) as date) as month_date,
        unnest(['all', population]) as population,
        gross_amount,
        discount_amount,
        unpaid_amount,
        returned_amount,
        refund_amount,
        orders_count,
        returns_count
    from core.sales_day
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
        sum(orders_count) as orders_count,
        sum(returns_count) as returns_count
    from populations
    group by month_date, population
)

select
    summed.month_date,
    summed.population,
    summed.gross_amount,
    summed.discount_amount,
    summed.unpaid_amount,
    summed.returned_amount,
    summed.refund_amount,
    summed.orders_count,
    -- guests have no id
    case when summed.population = 'guests' then 0 else coalesce(buyers.buyers_count, 0) end as buyers_count,
    summed.returns_count,
    summed.gross_amount - summed.discount_amount - summed.unpaid_amount - summed.returned_amount - summed.refund_amount
        as net_amount,
    cast(summed.gross_amount - summed.discount_amount - summed.unpaid_amount as double)
    / nullif(summed.orders_count, 0) as average_order_value
from summed
left join core.buyers_month as buyers on summed.month_date = buyers.month_date
