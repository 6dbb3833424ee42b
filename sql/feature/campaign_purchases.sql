-- One row per campaign, user on its list who had ordered before it, and as_of: what the user bought until then, and how
-- much of it are products that coupons of the campaign are for. Windows count back from known_until_date.
-- An order counts unless its cancellation was known by then.
-- grain: campaign_id, user_id, as_of
-- may-be-empty: the source has no campaigns
-- assert: offered_orders_count <= orders_count
with listed as (
    select
        campaign_id,
        user_id,
        known_until_date
    from feature.campaign_contact
    where as_of = $as_of
),

dated_orders as (
    select
        listed.campaign_id,
        orders.user_id,
        orders.order_id,
        orders.coupon_id is not null as has_coupon,
        date_diff('day', orders.ordered_date, listed.known_until_date) as age_days
    from listed
    inner join core.orders on listed.user_id = orders.user_id and listed.known_until_date > orders.ordered_date
    where orders.kind = 'sale' and coalesce(orders.cancelled_date >= listed.known_until_date, true)
),

ordered as (
    select
        campaign_id,
        user_id,
        min(age_days) as recency_days,
        max(age_days) as tenure_days,
        count(*) as orders_count,
        count(*) filter (where age_days <= 28) as orders_28d,
        count(*) filter (where age_days <= 90) as orders_90d,
        count(*) filter (where has_coupon) as coupon_orders_count,
        count(*) filter (where has_coupon and age_days <= 90) as coupon_orders_90d,
        min(age_days) filter (where has_coupon) as days_since_coupon_order
    from dated_orders
    group by campaign_id, user_id
),

offered as (
    select distinct
        campaign_id,
        product_id
    from core.coupons
),

bought as (
    select
        dated_orders.campaign_id,
        dated_orders.user_id,
        sum(items.gross_amount) as gross_amount,
        sum(items.discount_amount) as discount_amount,
        sum(items.paid_amount) as paid_amount,
        sum(items.paid_amount) filter (where dated_orders.age_days <= 90) as paid_amount_90d,
        count(offered.product_id) as offered_lines_count,
        count(distinct case when offered.product_id is not null then items.order_id end) as offered_orders_count,
        sum(case when offered.product_id is not null then items.paid_amount else 0 end) as offered_amount
    from dated_orders
    inner join core.order_items as items on dated_orders.order_id = items.order_id
    left join offered on dated_orders.campaign_id = offered.campaign_id and items.product_id = offered.product_id
    group by dated_orders.campaign_id, dated_orders.user_id
)

select
    ordered.campaign_id,
    ordered.user_id,
    $as_of as as_of,
    ordered.recency_days,
    ordered.tenure_days,
    ordered.orders_count,
    ordered.orders_28d,
    ordered.orders_90d,
    ordered.coupon_orders_count,
    ordered.coupon_orders_90d,
    cast(ordered.coupon_orders_count as double) / nullif(ordered.orders_count, 0) as coupon_order_share,
    ordered.days_since_coupon_order,
    cast(bought.paid_amount as double) as bought_amount,
    coalesce(cast(bought.paid_amount_90d as double), 0) as bought_amount_90d,
    cast(bought.discount_amount as double) / nullif(cast(bought.gross_amount as double), 0) as discount_share,
    coalesce(bought.offered_lines_count, 0) as offered_lines_count,
    coalesce(bought.offered_orders_count, 0) as offered_orders_count,
    coalesce(cast(bought.offered_amount as double), 0) as offered_amount,
    cast(bought.offered_amount as double) / nullif(cast(bought.paid_amount as double), 0) as offered_share
from ordered
left join bought on ordered.campaign_id = bought.campaign_id and ordered.user_id = bought.user_id
