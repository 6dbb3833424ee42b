-- One row per campaign and user it was sent to or who was held out, in its newest version.
-- grain: campaign_id, user_id
-- partition: contacted_date
with candidates as (
    select *
    from bronze.campaign_contacts
    where contacted_date >= $from_date and contacted_date < $until_date
    union all
    -- another version may bear another date
    select *
    from bronze.campaign_contacts
    where
        not (contacted_date >= $from_date and contacted_date < $until_date)
        and user_id in (select moved_id from bronze.moved_ids where contract = 'campaign_contacts')
),

newest_version as (
    select *
    from candidates
    qualify row_number() over (partition by campaign_id, user_id order by updated_at desc nulls last, row_hash desc) = 1
)

select
    campaign_id,
    user_id,
    contacted_date,
    -- who was not named as held out was contacted
    coalesce(is_control, false) as is_control
from newest_version
where contacted_date >= $from_date and contacted_date < $until_date
