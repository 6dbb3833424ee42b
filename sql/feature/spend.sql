-- One row per user with an order line or refund before as_of: what the user spent, saved and gave back.
-- Net = paid less returns on the day they were booked, less refunds on the day they were made.
-- An order known to be cancelled before as_of counts with nothing: neither its lines nor the refunds that undid them.
-- grain: user_id, as_of
-- assert: discount_share is null or discount_share >= 0
with sale_lines as (
    select
        items.*,
        products.category,
        date_diff('day', items.ordered_date, $as_of) as age_days
    from core.order_items as items
    left join core.products on items.product_id = products.product_id
    where items.user_id is not null and items.ordered_date < $as_of and coalesce(items.cancelled_date >= $as_of, true)
),

standing_refunds as (
    select
        user_id,
        refunded_date,
        refund_amount
    from core.order_items
    where
        user_id is not null
        and refunded_date < $as_of
        and coalesce(cancelled_date >= $as_of, true)
        and refund_amount > 0
),

movements as (
    select
        user_id,
        age_days,
        cast(paid_amount as double) - cast(returned_amount as double) as amount
    from sale_lines
    union all
    select
        user_id,
        date_diff('day', refunded_date, $as_of) as age_days,
        -cast(refund_amount as double) as amount
    from standing_refunds
),

net as (
    select
        user_id,
        round(coalesce(sum(amount) filter (where age_days <= 7), 0), 6) as net_amount_7d,
        round(coalesce(sum(amount) filter (where age_days <= 28), 0), 6) as net_amount_28d,
        round(coalesce(sum(amount) filter (where age_days <= 90), 0), 6) as net_amount_90d,
        round(coalesce(sum(amount) filter (where age_days <= 182), 0), 6) as net_amount_182d,
        round(coalesce(sum(amount) filter (where age_days <= 365), 0), 6) as net_amount_365d,
        round(sum(amount), 6) as net_amount_total
    from movements
    group by user_id
),

bought as (
    select
        user_id,
        count(distinct order_id) filter (where not is_return) as sales_count,
        count(*) filter (where not is_return) as lines_count,
        count(distinct product_id) filter (where not is_return) as distinct_products_count,
        count(distinct category) filter (where not is_return) as distinct_categories_count,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(paid_amount) as paid_amount,
        sum(returned_amount) as returned_amount
    from sale_lines
    group by user_id
),

refunded as (
    select
        user_id,
        sum(refund_amount) as refund_amount
    from standing_refunds
    group by user_id
),

-- mean spend of repeat days: every order day but the first
order_days as (
    select
        user_id,
        ordered_date,
        cast(sum(paid_amount) as double) as day_amount,
        row_number() over (partition by user_id order by ordered_date) as day_number
    from sale_lines
    where paid_amount > 0
    group by user_id, ordered_date
),

repeat_spend as (
    select
        user_id,
        round(avg(day_amount), 6) as monetary_mean_amount
    from order_days
    where day_number > 1
    group by user_id
)

select
    net.user_id,
    $as_of as as_of,
    net.net_amount_7d,
    net.net_amount_28d,
    net.net_amount_90d,
    net.net_amount_182d,
    net.net_amount_365d,
    net.net_amount_total,
    cast(bought.paid_amount as double) / nullif(bought.sales_count, 0) as average_order_amount,
    repeat_spend.monetary_mean_amount,
    cast(bought.lines_count as double) / nullif(bought.sales_count, 0) as items_per_order,
    coalesce(bought.distinct_products_count, 0) as distinct_products_count,
    coalesce(bought.distinct_categories_count, 0) as distinct_categories_count,
    cast(bought.discount_amount as double) / nullif(bought.gross_amount, 0) as discount_share,
    cast(bought.returned_amount + coalesce(refunded.refund_amount, 0) as double)
    / nullif(bought.paid_amount, 0) as return_share
from net
left join bought on net.user_id = bought.user_id
left join refunded on net.user_id = refunded.user_id
left join repeat_spend on net.user_id = repeat_spend.user_id
