-- One coupon, campaign and product it is for per row of coupons.*, in the contract's own columns.
-- rows: all
-- optional: updated_at
select
    _row,
    coupon_id,
    campaign_id,
    product_id,
    updated_at
from landing.coupons
