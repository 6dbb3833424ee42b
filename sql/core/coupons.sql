-- One row per coupon, campaign that gives it out, and product it is for.
-- grain: coupon_id, campaign_id, product_id
select distinct
    coupon_id,
    campaign_id,
    product_id
from bronze.coupons
