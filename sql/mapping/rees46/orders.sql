-- One order per session in which a user bought; the export has no order number.
-- rows: derived from purchase events
select
    user_session || '-' || user_id as order_id,
    min(try_strptime(event_time, '%Y-%m-%d %H:%M:%S UTC')) as ordered_at,
    user_id,
    'sale' as kind,
    'paid' as status,
    'USD' as currency
from landing.events
where event_type = 'purchase'
group by user_session, user_id
