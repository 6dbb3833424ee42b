-- One row per business day of the range: one number of the shop that day, 0 where nothing happened.
-- active_users = users active that day; orders = paid orders, guests too; revenue = paid lines less returns booked.
with measured as (
    select
        activity_date,
        'active_users' as measure,
        cast(count(*) as double) as amount
    from core.user_active_day
    where activity_basis = 'activity'
    group by activity_date
    union all
    select
        ordered_date as activity_date,
        'orders' as measure,
        cast(count(*) as double) as amount
    from core.orders
    where kind = 'sale' and is_paid
    group by ordered_date
    union all
    select
        ordered_date as activity_date,
        'revenue' as measure,
        cast(sum(paid_amount - returned_amount) as double) as amount
    from core.order_items
    where is_paid
    group by ordered_date
)

select
    calendar.activity_date,
    coalesce(measured.amount, 0) as amount
from core.calendar
left join measured on calendar.activity_date = measured.activity_date and measured.measure = $measure
where calendar.activity_date >= $from_date and calendar.activity_date < $until_date
order by calendar.activity_date
