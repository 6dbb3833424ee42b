-- One row per user id ever seen, with the newest version of what the shop says of the user.
-- Users known only from orders, events or feedback stand here too, with empty attributes.
-- grain: user_id
with newest_version as (
    select *
    from bronze.users
    qualify row_number() over (
        partition by user_id
        order by valid_from desc nulls last, updated_at desc nulls last, row_hash desc
    ) = 1
)

select
    user_keys.user_id,
    user_keys.user_key,
    newest_version.registered_at,
    newest_version.registered_date,
    newest_version.gender,
    newest_version.birth_date,
    newest_version.age_band,
    newest_version.region,
    newest_version.city_tier,
    newest_version.occupation,
    newest_version.income_band,
    newest_version.household_size,
    newest_version.acquisition_channel,
    newest_version.invited_by,
    -- missing = no
    coalesce(newest_version.marketing_consent, false) as marketing_consent,
    newest_version.consent_basis,
    newest_version.attributes
from bronze.user_keys
left join newest_version on user_keys.user_id = newest_version.user_id
where not user_keys.is_anonymous
