-- One row per candidate number of days ahead: what a purchase and a churn prediction of that length would be about.
-- Read beside `core.horizons`; the horizon in use can be set by the operator (`--horizons`, `churn_window_days`).
-- Measured on a stable sample of at most 20,000 users, at the newest origin whose window of that length is closed.
-- grain: candidate_days
-- assert: purchase_share between 0 and 1
-- may-be-empty: without orders there is no interval and no origin
with policy as (
    select
        2 as churn_window_horizons,
        20000 as users_at_most
),

candidates as (
    select unnest([7, 14, 28, 56, 90, 180, 365]) as candidate_days
),

buyers as (
    select distinct user_id
    from core.orders
    where kind = 'sale' and user_id is not null
),

sampled as (
    select buyers.user_id
    from buyers
    cross join policy
    qualify row_number() over (order by md5(buyers.user_id), buyers.user_id) <= policy.users_at_most
),

order_days as (
    select distinct
        orders.user_id,
        orders.ordered_date
    from core.orders as orders
    inner join sampled on orders.user_id = sampled.user_id
    where orders.kind = 'sale'
),

intervals as (
    select date_diff('day', lag(ordered_date) over (partition by user_id order by ordered_date), ordered_date) as gap
    from order_days
),

known as (
    select
        min(ordered_date) as first_date,
        max(ordered_date) as last_date
    from order_days
),

origins as (
    select
        candidates.candidate_days,
        known.last_date + 1 - candidates.candidate_days as origin_date,
        candidates.candidate_days * policy.churn_window_horizons as window_days
    from candidates
    cross join known
    cross join policy
    where known.last_date + 1 - candidates.candidate_days > known.first_date
),

inside as (
    select
        origins.candidate_days,
        avg(case when intervals.gap <= origins.candidate_days then 1.0 else 0.0 end) as interval_share
    from origins
    cross join intervals
    where intervals.gap is not null
    group by origins.candidate_days
),

customers as (
    select
        origins.candidate_days,
        origins.origin_date,
        order_days.user_id,
        bool_or(order_days.ordered_date >= origins.origin_date) as has_bought,
        bool_or(
            order_days.ordered_date < origins.origin_date
            and order_days.ordered_date >= origins.origin_date - origins.window_days
        ) as was_active
    from origins
    inner join order_days on origins.origin_date + origins.candidate_days > order_days.ordered_date
    group by origins.candidate_days, origins.origin_date, order_days.user_id
    having min(order_days.ordered_date) < origins.origin_date
)

select
    customers.candidate_days,
    customers.origin_date,
    max(inside.interval_share) as interval_share,
    count(*) as users_count,
    avg(case when customers.has_bought then 1.0 else 0.0 end) as purchase_share,
    count(*) filter (where customers.was_active) as active_users_count,
    avg(case when customers.has_bought then 0.0 else 1.0 end) filter (where customers.was_active) as silent_share
from customers
left join inside on customers.candidate_days = inside.candidate_days
group by customers.candidate_days, customers.origin_date
