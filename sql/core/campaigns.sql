-- One row per campaign, in its newest version.
-- grain: campaign_id
select
    campaign_id,
    kind,
    channel,
    first_date,
    last_date
from bronze.campaigns
qualify row_number() over (partition by campaign_id order by updated_at desc nulls last, row_hash desc) = 1
