-- One line per piece: the export repeats a product that was bought twice. Freight is on the order (shipping_fee).
-- rows: all
-- file: items = olist_order_items_dataset*
select
    _row,
    order_id,
    order_item_id as line_number,
    price as line_amount,
    product_id,
    1 as quantity,
    price as unit_price
from landing.items
