-- One product per row. 4,836 transaction lines name a product that is not here; they keep its id and have no category.
-- rows: all
select
    _row,
    product_id,
    concat_ws(', ', product_type, package_size) as name,
    product_category as category,
    brand,
    manufacturer_id as supplier_id
from landing.products
