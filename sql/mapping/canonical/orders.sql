-- One order, return or newer version of one per row of orders.*, in the contract's own columns.
-- rows: all
-- optional: user_id, coupon_id, campaign_id, shipping_fee, carrier, promised_at, shipped_at, delivered_at
-- optional: cancelled_at, updated_at
select
    _row,
    order_id,
    ordered_at,
    user_id,
    kind,
    status,
    currency,
    coupon_id,
    campaign_id,
    shipping_fee,
    carrier,
    promised_at,
    shipped_at,
    delivered_at,
    cancelled_at,
    updated_at
from landing.orders
