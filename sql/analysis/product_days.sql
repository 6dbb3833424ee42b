-- One row per user, product and day of a purchase in [$from_date, $until): what next products are learnt from.
-- Of products only the $products_at_most with the most buyers, of users only the $users_at_most who bought last.
-- age_days from the day to $until, cancelled_age_days likewise (null = never): a reader can tell what was known when.
with lines as (
    select
        users.user_key,
        product_keys.product_key,
        items.ordered_date,
        max(coalesce(items.cancelled_date, date '9999-12-31')) as cancelled_date
    from core.order_items as items
    inner join core.users on items.user_id = users.user_id
    inner join bronze.product_keys on items.product_id = product_keys.product_id
    where
        not items.is_return
        and items.ordered_date >= $from_date
        and items.ordered_date < $until
    group by users.user_key, product_keys.product_key, items.ordered_date
),

kept_products as (
    select product_key
    from lines
    group by product_key
    order by count(distinct user_key) desc, product_key
    limit $products_at_most
),

kept_users as (
    select user_key
    from lines
    group by user_key
    order by max(ordered_date) desc, user_key
    limit $users_at_most
)

select
    lines.user_key,
    lines.product_key,
    date_diff('day', lines.ordered_date, $until) as age_days,
    date_diff('day', nullif(lines.cancelled_date, date '9999-12-31'), $until) as cancelled_age_days
from lines
inner join kept_products on lines.product_key = kept_products.product_key
inner join kept_users on lines.user_key = kept_users.user_key
order by lines.user_key, lines.product_key, lines.ordered_date
