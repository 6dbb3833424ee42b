-- One row per user with an order line in the 90 days before as_of: at what prices and promotions the user bought.
-- grain: user_id, as_of
-- assert: promoted_share_90d >= 0 and promoted_share_90d <= 1
with lines as (
    select
        user_id,
        order_id,
        line_number,
        product_id,
        ordered_date,
        gross_amount,
        discount_amount
    from core.order_items
    where
        user_id is not null
        and not is_return
        and ordered_date < $as_of
        and ordered_date >= $as_of - 90
        and coalesce(cancelled_date >= $as_of, true)
),

-- a promotion is known from its first day on
running as (
    select distinct
        product_id,
        first_date,
        last_date
    from core.promotions
    where first_date < $as_of and last_date >= $as_of - 90
),

promoted as (
    select distinct
        lines.order_id,
        lines.line_number
    from lines
    inner join running
        on
            lines.product_id = running.product_id
            and lines.ordered_date >= running.first_date
            and lines.ordered_date <= running.last_date
)

select
    lines.user_id,
    $as_of as as_of,
    cast(sum(lines.discount_amount) as double)
    / nullif(cast(sum(lines.gross_amount) as double), 0) as discount_share_90d,
    cast(count(promoted.order_id) as double) / nullif(count(*), 0) as promoted_share_90d
from lines
left join promoted on lines.order_id = promoted.order_id and lines.line_number = promoted.line_number
group by lines.user_id
