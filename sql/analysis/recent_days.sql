-- One row per user and day with an order or an active event before $as_of: what the user did on each newest day.
-- An order counts as in feature.order_activity (its cancellation was not known before $as_of); refunds are left out.
-- population: users with an order or an event but push_open before $as_of
-- parameters: as_of, days_at_most
with order_days as (
    select
        users.user_key,
        orders.ordered_date as activity_date,
        count(*) as orders_count
    from core.orders
    inner join core.users on orders.user_id = users.user_id
    where
        orders.kind = 'sale'
        and orders.ordered_date < $as_of
        and (orders.cancelled_date is null or orders.cancelled_date >= $as_of)
    group by users.user_key, orders.ordered_date
),

line_days as (
    select
        users.user_key,
        items.ordered_date as activity_date,
        count(*) as lines_count,
        cast(sum(items.paid_amount) as double) as paid_amount
    from core.order_items as items
    inner join core.users on items.user_id = users.user_id
    where
        not items.is_return
        and items.ordered_date < $as_of
        and (items.cancelled_date is null or items.cancelled_date >= $as_of)
    group by users.user_key, items.ordered_date
),

event_days as (
    select
        user_key,
        activity_date,
        events_count - passive_events_count as events_count,
        views_count,
        searches_count,
        carts_count + favourites_count as wishes_count
    from core.user_day
    where activity_date < $as_of and events_count > passive_events_count
),

active_days as (
    select
        user_key,
        activity_date
    from order_days
    union
    select
        user_key,
        activity_date
    from event_days
),

newest_days as (
    select
        user_key,
        activity_date
    from active_days
    qualify row_number() over (partition by user_key order by activity_date desc) <= $days_at_most
)

select
    users.user_id,
    date_diff('day', newest_days.activity_date, $as_of) as days_ago,
    coalesce(order_days.orders_count, 0) as orders_count,
    coalesce(line_days.lines_count, 0) as lines_count,
    coalesce(line_days.paid_amount, 0) as paid_amount,
    coalesce(event_days.events_count, 0) as events_count,
    coalesce(event_days.views_count, 0) as views_count,
    coalesce(event_days.searches_count, 0) as searches_count,
    coalesce(event_days.wishes_count, 0) as wishes_count
from newest_days
inner join core.users on newest_days.user_key = users.user_key
left join order_days
    on newest_days.user_key = order_days.user_key and newest_days.activity_date = order_days.activity_date
left join line_days
    on newest_days.user_key = line_days.user_key and newest_days.activity_date = line_days.activity_date
left join event_days
    on newest_days.user_key = event_days.user_key and newest_days.activity_date = event_days.activity_date
order by users.user_id asc, days_ago desc
