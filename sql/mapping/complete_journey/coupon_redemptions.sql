-- One redeemed coupon per row; household, coupon, campaign and day tell redemptions apart. The basket is not named.
-- rows: all
select
    _row,
    concat_ws('-', household_id, coupon_upc, campaign_id, cast(redemption_date as date)) as redemption_id,
    household_id as user_id,
    coupon_upc as coupon_id,
    redemption_date as redeemed_at,
    campaign_id
from landing.coupon_redemptions
