-- One line of one piece per purchase event; the export has no quantity.
-- rows: derived from purchase events
with purchases as (
    select distinct
        user_session || '-' || user_id as order_id,
        event_time,
        product_id,
        price
    from landing.events
    where event_type = 'purchase'
)

select
    order_id,
    row_number() over (partition by order_id order by event_time, product_id, price) as line_number,
    try_cast(price as decimal(18, 4)) as line_amount,
    product_id,
    1 as quantity
from purchases
