-- One product per row of products.*, in the contract's own columns.
-- rows: all
-- optional: name, category, brand, supplier_id, list_price, unit_cost, updated_at
select
    _row,
    product_id,
    name,
    category,
    brand,
    supplier_id,
    list_price,
    unit_cost,
    updated_at
from landing.products
