-- One row per campaign that ended before as_of, user who was contacted, and as_of: whether a coupon of it was redeemed.
-- It counts on the campaign's own days. Who was held out is not there.
-- grain: campaign_id, user_id, as_of
-- may-be-empty: the source has no campaigns
with redeemed as (
    select distinct
        redemptions.campaign_id,
        redemptions.user_id
    from core.coupon_redemptions as redemptions
    inner join core.campaigns on redemptions.campaign_id = campaigns.campaign_id
    where redemptions.redeemed_date >= campaigns.first_date and redemptions.redeemed_date <= campaigns.last_date
)

select
    contacts.campaign_id,
    contacts.user_id,
    $as_of as as_of,
    redeemed.user_id is not null as has_redeemed
from core.campaign_contacts as contacts
inner join core.campaigns on contacts.campaign_id = campaigns.campaign_id
left join redeemed on contacts.campaign_id = redeemed.campaign_id and contacts.user_id = redeemed.user_id
where not contacts.is_control and campaigns.last_date < $as_of
