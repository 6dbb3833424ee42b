-- What was spent on marketing by date, channel and campaign; money of no campaign is of the campaign `none`.
-- rows: all
-- optional: campaign_id, updated_at
select
    _row,
    cost_date,
    channel,
    coalesce(campaign_id, 'none') as campaign_id,
    amount,
    currency,
    updated_at
from landing.marketing_costs
