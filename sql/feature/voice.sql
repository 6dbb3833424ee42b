-- One row per user who gave feedback, cancelled, or was delivered to before as_of: what was said and how it arrived.
-- grain: user_id, as_of
-- may-be-empty: without feedback and delivery dates nobody has a voice yet
with spoken as (
    select
        user_id,
        avg(score) filter (where kind in ('rating', 'review')) as rating_mean,
        count(*) filter (where kind in ('rating', 'review')) as ratings_count,
        count(*) filter (where kind = 'complaint') as complaints_count
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
        avg(date_diff('day', promised_date, delivered_date)) filter (where delivered_date < $as_of) as delay_days
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
    cast(deliveries.cancelled_count as double) / nullif(deliveries.orders_count, 0) as cancelled_share,
    cast(deliveries.late_count as double) / nullif(deliveries.delivered_count, 0) as delivery_late_share,
    deliveries.delay_days as delivery_delay_days_mean
from everyone
left join spoken on everyone.user_id = spoken.user_id
left join deliveries on everyone.user_id = deliveries.user_id
