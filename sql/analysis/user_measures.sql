-- One row per signed-in user with something to measure in the range: one number of the user.
-- events = active events; orders = paid orders; spend = net amount of paid lines; active_days; sessions.
with measured as (
    select
        user_key,
        'events' as measure,
        cast(sum(events_count - passive_events_count) as double) as amount
    from core.user_day
    where activity_date >= $from_date and activity_date < $until_date
    group by user_key
    union all
    select
        users.user_key,
        'orders' as measure,
        cast(count(*) as double) as amount
    from core.orders
    inner join core.users on orders.user_id = users.user_id
    where
        orders.kind = 'sale'
        and orders.is_paid
        and orders.ordered_date >= $from_date
        and orders.ordered_date < $until_date
    group by users.user_key
    union all
    select
        users.user_key,
        'spend' as measure,
        cast(sum(items.paid_amount - items.returned_amount - items.refund_amount) as double) as amount
    from core.order_items as items
    inner join core.users on items.user_id = users.user_id
    where items.is_paid and items.ordered_date >= $from_date and items.ordered_date < $until_date
    group by users.user_key
    union all
    select
        user_key,
        'active_days' as measure,
        cast(count(*) as double) as amount
    from core.user_active_day
    where activity_basis = 'activity' and activity_date >= $from_date and activity_date < $until_date
    group by user_key
    union all
    select
        sessions.user_key,
        'sessions' as measure,
        cast(count(*) as double) as amount
    from core.sessions
    inner join core.users on sessions.user_key = users.user_key
    where sessions.activity_date >= $from_date and sessions.activity_date < $until_date
    group by sessions.user_key
)

select
    user_key,
    amount
from measured
where measure = $measure and amount > 0
