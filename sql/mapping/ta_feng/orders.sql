-- One order per customer and day: the export has neither order number nor time of day.
-- rows: derived from receipt lines
-- file: lines = ta_feng*
-- time_zone: Asia/Taipei
-- currency: TWD
select
    customer_id || '-' || strftime(try_cast(transaction_dt as date), '%Y%m%d') as order_id,
    try_cast(transaction_dt as date) as ordered_at,
    customer_id as user_id,
    'sale' as kind,
    'completed' as status,
    'TWD' as currency
from landing.lines
group by customer_id, try_cast(transaction_dt as date)
