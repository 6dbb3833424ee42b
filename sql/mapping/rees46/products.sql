-- One product per id. Category and brand are often missing; where an id has several, the first by name stands.
-- rows: derived from events
select
    product_id,
    min(category_code) as category,
    min(brand) as brand
from landing.events
group by product_id
