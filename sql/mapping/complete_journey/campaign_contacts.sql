-- One contact per row: the export does not say when; the campaign's first day is taken.
-- rows: all
-- lookup: campaign_descriptions
select
    campaigns._row,
    campaigns.campaign_id,
    campaigns.household_id as user_id,
    campaign_descriptions.start_date as contacted_at,
    false as is_control
from landing.campaigns
left join landing.campaign_descriptions on campaigns.campaign_id = campaign_descriptions.campaign_id
