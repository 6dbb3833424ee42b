-- One row per user with an order before as_of: how often, how lately and how regularly the user ordered.
-- An order counts unless its cancellation was known before as_of; its present status is never used.
-- grain: user_id, as_of
-- assert: recency_days >= 1
-- assert: tenure_days >= recency_days
-- assert: orders_count >= 1
with orders_before as (
    select
        user_id,
        order_id,
        ordered_date,
        coupon_id is not null as has_coupon,
        date_diff('day', ordered_date, $as_of) as age_days
    from core.orders
    where
        kind = 'sale'
        and user_id is not null
        and ordered_date < $as_of
        and (cancelled_date is null or cancelled_date >= $as_of)
),

counted as (
    select
        user_id,
        min(age_days) as recency_days,
        max(age_days) as tenure_days,
        count(*) as orders_count,
        count(distinct ordered_date) as order_days_count,
        count(*) filter (where age_days <= 7) as orders_7d,
        count(*) filter (where age_days <= 28) as orders_28d,
        count(*) filter (where age_days <= 90) as orders_90d,
        count(*) filter (where age_days <= 182) as orders_182d,
        count(*) filter (where age_days <= 365) as orders_365d,
        count(*) filter (where age_days > 28 and age_days <= 56) as orders_previous_28d,
        count(distinct case when age_days <= 84 then floor(cast(age_days - 1 as double) / 7) end) as active_weeks_12w,
        -- rounded, because parallel sums of doubles differ in the last bits
        round(sum(power(0.5, cast(age_days as double) / 14)), 9) as decayed_orders_14d,
        round(sum(power(0.5, cast(age_days as double) / 28)), 9) as decayed_orders_28d,
        round(sum(power(0.5, cast(age_days as double) / 90)), 9) as decayed_orders_90d,
        count(*) filter (where has_coupon) as coupon_orders_count
    from orders_before
    group by user_id
),

order_days as (
    select distinct
        user_id,
        ordered_date
    from orders_before
),

gaps as (
    select
        user_id,
        ordered_date,
        date_diff('day', lag(ordered_date) over (partition by user_id order by ordered_date), ordered_date) as gap_days
    from order_days
),

gap_summary as (
    select
        user_id,
        cast(sum(gap_days) as double) / nullif(count(gap_days), 0) as gap_mean_days,
        round(stddev_samp(gap_days), 9) as gap_std_days,
        quantile_cont(gap_days, 0.5) as gap_median_days,
        arg_max(gap_days, ordered_date) as gap_last_days
    from gaps
    group by user_id
)

select
    counted.user_id,
    $as_of as as_of,
    counted.recency_days,
    counted.tenure_days,
    counted.tenure_days - counted.recency_days as first_to_last_days,
    counted.order_days_count - 1 as repeat_days,
    counted.orders_count,
    counted.orders_7d,
    counted.orders_28d,
    counted.orders_90d,
    counted.orders_182d,
    counted.orders_365d,
    counted.decayed_orders_14d,
    counted.decayed_orders_28d,
    counted.decayed_orders_90d,
    counted.orders_28d - counted.orders_previous_28d as trend_orders,
    counted.active_weeks_12w,
    cast(counted.coupon_orders_count as double) / nullif(counted.orders_count, 0) as coupon_order_share,
    gap_summary.gap_mean_days,
    gap_summary.gap_std_days,
    gap_summary.gap_median_days,
    gap_summary.gap_last_days,
    cast(counted.recency_days as double) / nullif(gap_summary.gap_mean_days, 0) as gap_ratio
from counted
left join gap_summary on counted.user_id = gap_summary.user_id
