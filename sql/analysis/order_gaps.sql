-- One row per user with an order before $origin: rhythm of order days known then, and days to the next before $until.
-- An order counts unless its cancellation was known before $origin; next_days is null for who did not order.
with order_days as (
    select
        user_id,
        ordered_date,
        date_diff('day', ordered_date, $origin) as age_days,
        date_diff('day', lag(ordered_date) over (partition by user_id order by ordered_date), ordered_date) as gap_days
    from (
        select distinct
            user_id,
            ordered_date
        from core.orders
        where
            kind = 'sale'
            and user_id is not null
            and ordered_date < $origin
            and (cancelled_date is null or cancelled_date >= $origin)
    ) as days_with_an_order
),

next_days as (
    select
        user_id,
        min(date_diff('day', $origin, ordered_date)) as next_days
    from core.orders
    where kind = 'sale' and ordered_date >= $origin and ordered_date < $until
    group by user_id
)

select
    order_days.user_id,
    count(*) - 1 as repeat_days,
    min(order_days.age_days) as recency_days,
    max(order_days.age_days) as tenure_days,
    max(order_days.age_days) - min(order_days.age_days) as first_to_last_days,
    avg(order_days.gap_days) as gap_mean_days,
    stddev_samp(order_days.gap_days) as gap_std_days,
    median(order_days.gap_days) as gap_median_days,
    arg_max(order_days.gap_days, order_days.ordered_date) as gap_last_days,
    min(next_days.next_days) as next_days
from order_days
left join next_days on order_days.user_id = next_days.user_id
group by order_days.user_id
order by order_days.user_id
