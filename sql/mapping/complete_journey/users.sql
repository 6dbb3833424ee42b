-- One user per household that bought; 801 of 2,469 have demographics, which are undated and hence never a feature.
-- rows: derived from basket lines
-- lookup: demographics
with households as (
    select
        household_id,
        min(try_cast(transaction_timestamp as timestamp)) as registered_at
    from landing.transactions
    group by household_id
)

select
    households.household_id as user_id,
    households.registered_at,
    demographics.age as age_band,
    demographics.income as income_band,
    demographics.household_size,
    case
        when demographics.household_id is not null
            then to_json(struct_pack(
                home_ownership := demographics.home_ownership,
                marital_status := demographics.marital_status,
                household_comp := demographics.household_comp,
                kids_count := demographics.kids_count
            ))
    end as attributes,
    -- a research data set: nobody was asked; the operator answers for using it
    true as marketing_consent,
    'research_data' as consent_basis
from households
left join landing.demographics on households.household_id = demographics.household_id
