-- One row per signed-in user, basis and day on which the user was active.
-- Basis `activity`: any event but push_open, or an order placed. Basis `order`: a paid order. Returns are no activity.
-- Many reports read it, none counts it anew.
-- grain: user_key, activity_basis, activity_date
-- partition: activity_date
-- tells: changes
-- may-be-empty: nobody was active yet
with dated_orders as (
    select
        user_id,
        ordered_date,
        is_paid
    from core.orders
    where kind = 'sale' and ordered_date >= $from_date and ordered_date < $until_date
),

active_days as (
    select
        user_key,
        activity_date
    from core.user_day
    where events_count > passive_events_count and activity_date >= $from_date and activity_date < $until_date
    union
    select
        users.user_key,
        orders.ordered_date as activity_date
    from dated_orders as orders
    inner join core.users on orders.user_id = users.user_id
),

order_days as (
    select distinct
        users.user_key,
        orders.ordered_date as activity_date
    from dated_orders as orders
    inner join core.users on orders.user_id = users.user_id
    where orders.is_paid
)

select
    user_key,
    'activity' as activity_basis,
    activity_date
from active_days
union all
select
    user_key,
    'order' as activity_basis,
    activity_date
from order_days
