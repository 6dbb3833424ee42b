-- One row per promotion of a product: place, kind, and the days on which it ran, in its newest version.
-- grain: product_id, place, first_date, kind
select
    product_id,
    place,
    first_date,
    kind,
    last_date,
    unit_price,
    list_price
from bronze.promotions
qualify row_number() over (
    partition by product_id, place, first_date, kind
    order by updated_at desc nulls last, row_hash desc
) = 1
