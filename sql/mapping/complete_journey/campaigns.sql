-- One campaign per row: type A was made to measure for each household, types B and C were the same for all it reached.
-- rows: all
select
    _row,
    campaign_id,
    campaign_type as kind,
    'mail' as channel,
    cast(start_date as date) as first_date,
    cast(end_date as date) as last_date
from landing.campaign_descriptions
