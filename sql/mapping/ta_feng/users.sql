-- One user per customer. Age group and area are the same on all lines of a customer but undated, hence never a feature.
-- rows: derived from receipt lines
-- file: lines = ta_feng*
select
    customer_id as user_id,
    min(try_cast(transaction_dt as date)) as registered_at,
    max(age_group) as age_band,
    max(pin_code) as region,
    -- a research data set: nobody was asked; the operator answers for using it
    true as marketing_consent,
    'research_data' as consent_basis
from landing.lines
group by customer_id
