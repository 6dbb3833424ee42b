-- One row per event, with keys instead of ids; event_id stays in bronze.
-- Ingest lets each event in once, so this is a view: the largest table is stored a single time.
-- grain: none
-- view: no second copy of the largest table
select
    user_key,
    activity_date,
    occurred_at,
    event_type,
    product_key,
    target_user_key,
    channel,
    device
from bronze.events
