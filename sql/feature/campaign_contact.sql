-- One row per campaign (planned, running or ended at most 400 days ago), user on its list and as_of: the plan, and what
-- earlier campaigns brought. Everything counts back from known_until_date, the campaign's first day, or as_of where the
-- campaign is only planned. The plan itself (days, list, coupons) is taken as known. The held-out are not there.
-- grain: campaign_id, user_id, as_of
-- may-be-empty: the source has no campaigns
with policy as (
    select 400 as remembered_days
),

listed as (
    select
        contacts.campaign_id,
        contacts.user_id,
        campaigns.first_date,
        campaigns.last_date,
        least(campaigns.first_date, $as_of) as known_until_date
    from core.campaign_contacts as contacts
    inner join core.campaigns on contacts.campaign_id = campaigns.campaign_id
    cross join policy
    where not contacts.is_control and campaigns.last_date >= $as_of - policy.remembered_days
),

offers as (
    select
        campaign_id,
        count(distinct coupon_id) as coupons_count,
        count(distinct product_id) as offered_products_count
    from core.coupons
    group by campaign_id
),

contacted_before as (
    select
        listed.campaign_id,
        listed.user_id,
        count(*) as contacts_count,
        count(*) filter (where campaigns.last_date >= listed.known_until_date) as open_campaigns_count
    from listed
    inner join core.campaign_contacts as earlier on listed.user_id = earlier.user_id
    inner join core.campaigns on earlier.campaign_id = campaigns.campaign_id
    where
        not earlier.is_control
        and earlier.contacted_date < listed.known_until_date
        and campaigns.first_date < listed.known_until_date
        and earlier.campaign_id <> listed.campaign_id
    group by listed.campaign_id, listed.user_id
),

redeemed_before as (
    select
        listed.campaign_id,
        listed.user_id,
        count(*) as redemptions_count,
        count(distinct redemptions.campaign_id) as redeemed_campaigns_count,
        min(date_diff('day', redemptions.redeemed_date, listed.known_until_date)) as days_since_redemption
    from listed
    inner join core.coupon_redemptions as redemptions
        on listed.user_id = redemptions.user_id and listed.known_until_date > redemptions.redeemed_date
    group by listed.campaign_id, listed.user_id
)

select
    listed.campaign_id,
    listed.user_id,
    $as_of as as_of,
    listed.first_date,
    listed.last_date,
    listed.known_until_date,
    date_diff('day', listed.first_date, listed.last_date) + 1 as campaign_days,
    coalesce(offers.coupons_count, 0) as coupons_count,
    coalesce(offers.offered_products_count, 0) as offered_products_count,
    coalesce(contacted_before.contacts_count, 0) as contacts_count,
    coalesce(contacted_before.open_campaigns_count, 0) as open_campaigns_count,
    coalesce(redeemed_before.redemptions_count, 0) as redemptions_count,
    coalesce(redeemed_before.redeemed_campaigns_count, 0) as redeemed_campaigns_count,
    redeemed_before.days_since_redemption
from listed
left join offers on listed.campaign_id = offers.campaign_id
left join contacted_before
    on listed.campaign_id = contacted_before.campaign_id and listed.user_id = contacted_before.user_id
left join redeemed_before
    on listed.campaign_id = redeemed_before.campaign_id and listed.user_id = redeemed_before.user_id
