-- One coupon, campaign and product it is for per row.
-- rows: all
select
    _row,
    coupon_upc as coupon_id,
    campaign_id,
    product_id
from landing.coupons
