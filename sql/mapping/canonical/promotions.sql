-- One promotion of a product per row of promotions.*, in the contract's own columns.
-- rows: all
-- optional: unit_price, list_price, updated_at
select
    _row,
    product_id,
    place,
    first_date,
    kind,
    last_date,
    unit_price,
    list_price,
    updated_at
from landing.promotions
