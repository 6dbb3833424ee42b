-- One redeemed coupon per row of coupon_redemptions.*, in the contract's own columns.
-- rows: all
-- optional: campaign_id, order_id, updated_at
select
    _row,
    redemption_id,
    user_id,
    coupon_id,
    redeemed_at,
    campaign_id,
    order_id,
    updated_at
from landing.coupon_redemptions
