-- One row per product id ever seen, with the newest version of its description.
-- grain: product_id
with newest_version as (
    select *
    from bronze.products
    qualify row_number() over (partition by product_id order by updated_at desc nulls last, row_hash desc) = 1
)

select
    product_keys.product_id,
    product_keys.product_key,
    newest_version.name,
    newest_version.category,
    newest_version.brand,
    newest_version.supplier_id,
    newest_version.list_price,
    newest_version.unit_cost
from bronze.product_keys
left join newest_version on product_keys.product_id = newest_version.product_id
