-- One row per user with an order before $origin: rhythm of order days known then, and days to the next before $until.
-- An order counts unless its cancellation was known before $origin; next_days is null for who did not order.
with sales as (
    select
        users.user_key,
        orders.ordered_date,
        orders.cancelled_date
    from core.orders
    inner join core.users on orders.user_id = users.user_id
    where orders.kind = 'sale' and orders.ordered_date < $until
),

order_days as (
    select
        user_key,
        age_days,
        lag(age_days) over (partition by user_key order by age_days desc) - age_days as gap_days
    from (
        select distinct
            user_key,
            date_diff('day', ordered_date, $origin) as age_days
        from sales
        where ordered_date < $origin and (cancelled_date is null or cancelled_date >= $origin)
    ) as days_with_an_order
),

-- the middle one or two of each user's gaps: ranking them costs a third of an aggregate that keeps them all
ranked as (
    select
        *,
        count(gap_days) over (partition by user_key) as gaps_count,
        row_number() over (partition by user_key order by gap_days nulls last) as gap_rank
    from order_days
),

next_days as (
    select
        user_key,
        min(date_diff('day', $origin, ordered_date)) as next_days
    from sales
    where ordered_date >= $origin
    group by user_key
),

rhythms as (
    select
        user_key,
        count(*) - 1 as repeat_days,
        min(age_days) as recency_days,
        max(age_days) as tenure_days,
        max(age_days) - min(age_days) as first_to_last_days,
        avg(gap_days) as gap_mean_days,
        stddev_samp(gap_days) as gap_std_days,
        avg(gap_days) filter (where 2 * gap_rank between gaps_count and gaps_count + 2) as gap_median_days,
        arg_min(gap_days, age_days) as gap_last_days
    from ranked
    group by user_key
)

select
    users.user_id,
    rhythms.* exclude (user_key),
    next_days.next_days
from rhythms
inner join core.users on rhythms.user_key = users.user_key
left join next_days on rhythms.user_key = next_days.user_key
order by users.user_id
