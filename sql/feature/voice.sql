-- One row per user who gave feedback, cancelled, or was delivered to before as_of: what was said and how it arrived.
-- grain: user_id, as_of
-- may-be-empty: without feedback and delivery dates nobody has a voice yet
with spoken as (
    select
        user_id,
        avg(score) filter (where kind in ('rating', 'review')) as rating_mean,
        count(*) filter (where kind in ('rating', 'review')) as ratings_count,
        count(*) filter (where kind = 'complaint') as complaints_count,
        count(*) filter (
            where kind = 'complaint' and coalesce(resolved_date >= $as_of, true)
        ) as open_complaints_count,
        -- complaints and ratings of at most 2, halved per 28 days of age
        round(
            sum(power(0.5, cast(date_diff('day', created_date, $as_of) as double) / 28)) filter (
                where kind = 'complaint' or (kind in ('rating', 'review') and score <= 2)
            ),
            9
        ) as decayed_grievances_28d
    from core.feedback
    where created_date < $as_of
    group by user_id
),

deliveries as (
    select
        user_id,
        count(*) as orders_count,
        count(*) filter (where cancelled_date < $as_of) as cancelled_count,
        count(*) filter (where delivered_date < $as_of and promised_date is not null) as delivered_count,
        count(*) filter (where delivered_date < $as_of and delivered_date > promised_date) as late_count,
        avg(date_diff('day', promised_date, delivered_date)) filter (where delivered_date < $as_of) as delay_days,
        -- a delay of weeks counts no more than ten days
        round(
            sum(
                least(greatest(date_diff('day', promised_date, delivered_date), 0), 10)
                * power(0.5, cast(date_diff('day', delivered_date, $as_of) as double) / 28)
            ) filter (where delivered_date < $as_of),
            9
        ) as decayed_delay_days_28d
    from core.orders
    where kind = 'sale' and user_id is not null and ordered_date < $as_of
    group by user_id
),

everyone as (
    select user_id from spoken
    union
    select user_id from deliveries where cancelled_count > 0 or delivered_count > 0
)

select
    everyone.user_id,
    $as_of as as_of,
    spoken.rating_mean,
    coalesce(spoken.ratings_count, 0) as ratings_count,
    coalesce(spoken.complaints_count, 0) as complaints_count,
    coalesce(spoken.open_complaints_count, 0) as open_complaints_count,
    coalesce(spoken.decayed_grievances_28d, 0) as decayed_grievances_28d,
    cast(deliveries.cancelled_count as double) / nullif(deliveries.orders_count, 0) as cancelled_share,
    cast(deliveries.late_count as double) / nullif(deliveries.delivered_count, 0) as delivery_late_share,
    deliveries.delay_days as delivery_delay_days_mean,
    coalesce(deliveries.decayed_delay_days_28d, 0) as decayed_delay_days_28d
from everyone
left join spoken on everyone.user_id = spoken.user_id
left join deliveries on everyone.user_id = deliveries.user_id
