-- One row per order or booked return, in its newest version.
-- grain: order_id
-- partition: ordered_date
with candidates as (
    select *
    from bronze.orders
    where ordered_date >= $from_date and ordered_date < $until_date
    union all
    -- another version may bear another date
    select *
    from bronze.orders
    where
        not (ordered_date >= $from_date and ordered_date < $until_date)
        and order_id in (select moved_id from bronze.moved_ids where contract = 'orders')
),

newest_version as (
    select *
    from candidates
    qualify row_number() over (partition by order_id order by updated_at desc nulls last, row_hash desc) = 1
),

newest_rate as (
    select *
    from bronze.exchange_rates
    where rate_date >= $from_date and rate_date < $until_date
    qualify row_number() over (partition by currency, rate_date order by updated_at desc nulls last, row_hash desc) = 1
)

select
    newest_version.order_id,
    newest_version.user_id,
    newest_version.kind,
    newest_version.status,
    newest_version.status in ('paid', 'shipped', 'delivered', 'completed', 'returned') as is_paid,
    newest_version.currency,
    -- ingest has refused every order whose currency needs a rate and has none
    coalesce(newest_rate.rate, 1.0) as exchange_rate,
    newest_version.coupon_id,
    newest_version.campaign_id,
    newest_version.shipping_fee,
    newest_version.carrier,
    newest_version.ordered_at,
    newest_version.ordered_date,
    newest_version.promised_date,
    newest_version.shipped_date,
    newest_version.delivered_date,
    newest_version.cancelled_date
from newest_version
left join newest_rate
    on
        newest_version.currency = newest_rate.currency
        and newest_version.ordered_date = newest_rate.rate_date
where newest_version.ordered_date >= $from_date and newest_version.ordered_date < $until_date
