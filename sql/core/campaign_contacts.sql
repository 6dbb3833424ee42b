-- One row per campaign and user it was sent to or who was held out, in its newest version.
-- grain: campaign_id, user_id
select
    campaign_id,
    user_id,
    contacted_date,
    -- who was not named as held out was contacted
    coalesce(is_control, false) as is_control
from bronze.campaign_contacts
qualify row_number() over (partition by campaign_id, user_id order by updated_at desc nulls last, row_hash desc) = 1
