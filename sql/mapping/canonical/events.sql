-- One event per row of events.*, in the contract's own columns.
-- rows: all
-- optional: user_id, anonymous_id, product_id, target_user_id, content_id, channel, device, session_id
-- optional: properties
select
    _row,
    event_id,
    occurred_at,
    event_type,
    user_id,
    anonymous_id,
    product_id,
    target_user_id,
    content_id,
    channel,
    device,
    session_id,
    properties
from landing.events
