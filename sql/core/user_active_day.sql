-- One row per signed-in user, basis and day on which the user was active.
-- Basis `activity`: any event but push_open, or an order placed. Basis `order`: a paid order. Returns are no activity.
-- Stored whole in each run, because late orders touch no date of events: many reports read it, none counts it anew.
-- grain: user_key, activity_basis, activity_date
-- may-be-empty: nobody was active yet
with active_days as (
    select
        user_key,
        activity_date
    from core.user_day
    where events_count > passive_events_count
    union
    select
        users.user_key,
        orders.ordered_date as activity_date
    from core.orders
    inner join core.users on orders.user_id = users.user_id
    where orders.kind = 'sale'
),

order_days as (
    select distinct
        users.user_key,
        orders.ordered_date as activity_date
    from core.orders
    inner join core.users on orders.user_id = users.user_id
    where orders.kind = 'sale' and orders.is_paid
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
