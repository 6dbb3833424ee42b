-- One row per redeemed coupon, in its newest version.
-- grain: redemption_id
select
    redemption_id,
    user_id,
    coupon_id,
    campaign_id,
    order_id,
    redeemed_date
from bronze.coupon_redemptions
qualify row_number() over (partition by redemption_id order by updated_at desc nulls last, row_hash desc) = 1
