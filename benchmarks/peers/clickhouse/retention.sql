-- Users of a day's cohort who are active n days later; an order counts as activity.
select
    toDate32(arrayMin(days)) as cohort_date,
    day - arrayMin(days) as period_offset,
    count() as on_users_count
from (
    select
        user_key,
        groupUniqArray(toInt32(activity_date)) as days
    from (
        select
            user_key,
            activity_date
        from events
        where event_type != 'push_open' and user_key in (select user_key from user_keys where not is_anonymous)
        union all
        select
            users.user_key as user_key,
            orders.ordered_date as activity_date
        from orders
        inner join users on orders.user_id = users.user_id
        where orders.kind = 'sale'
    )
    group by user_key
)
array join days as day
where period_offset <= 30
group by cohort_date, period_offset
