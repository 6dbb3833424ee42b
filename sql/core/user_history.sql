-- One row per user and dated version of the user's attributes: what point-in-time questions must read.
-- A version without valid_from holds at no known time and does not stand here.
-- grain: user_id, valid_from
-- partition: valid_from_date
-- may-be-empty: the source dates no version of its users
select
    user_id,
    valid_from,
    valid_from_date,
    age_band,
    region,
    city_tier,
    occupation,
    income_band,
    household_size,
    acquisition_channel
from bronze.users
where valid_from_date >= $from_date and valid_from_date < $until_date
qualify row_number() over (partition by user_id, valid_from order by updated_at desc nulls last, row_hash desc) = 1
