-- One order line or newer version of one per row of order_items.*, in the contract's own columns.
-- rows: all
-- optional: product_id, quantity, unit_price, list_price, discount, refunded_at, refunded_amount, updated_at
select
    _row,
    order_id,
    line_number,
    line_amount,
    product_id,
    quantity,
    unit_price,
    list_price,
    discount,
    refunded_at,
    refunded_amount,
    updated_at
from landing.order_items
