-- One event per row. The export has no event id: rows that agree in everything are one event, sent twice.
-- rows: all
-- file: events = 20*
-- time_zone: UTC
-- currency: USD
select
    _row,
    md5(concat_ws('|', user_id, user_session, event_time, event_type, product_id, price)) as event_id,
    try_strptime(event_time, '%Y-%m-%d %H:%M:%S UTC') as occurred_at,
    event_type,
    user_id,
    product_id,
    user_session as session_id
from landing.events
