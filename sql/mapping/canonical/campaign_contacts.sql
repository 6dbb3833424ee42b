-- One user contacted or held out by a campaign per row of campaign_contacts.*, in the contract's own columns.
-- rows: all
-- optional: is_control, updated_at
select
    _row,
    campaign_id,
    user_id,
    contacted_at,
    is_control,
    updated_at
from landing.campaign_contacts
