-- One campaign per row of campaigns.*, in the contract's own columns.
-- rows: all
-- optional: kind, channel, updated_at
select
    _row,
    campaign_id,
    kind,
    channel,
    first_date,
    last_date,
    updated_at
from landing.campaigns
