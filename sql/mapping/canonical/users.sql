-- One version of a user per row of users.*, in the contract's own columns.
-- rows: all
-- optional: gender, birth_date, age_band, region, city_tier, occupation, income_band, household_size
-- optional: acquisition_channel, invited_by, marketing_consent, consent_basis, attributes, valid_from
-- optional: updated_at
select
    _row,
    user_id,
    registered_at,
    gender,
    birth_date,
    age_band,
    region,
    city_tier,
    occupation,
    income_band,
    household_size,
    acquisition_channel,
    invited_by,
    marketing_consent,
    consent_basis,
    attributes,
    valid_from,
    updated_at
from landing.users
