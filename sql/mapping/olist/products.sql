-- One product per row, under the English name of its category where there is one.
-- rows: all
-- file: products = olist_products_dataset*
-- file: category_names = product_category_name_translation*
-- lookup: category_names
select
    products._row,
    products.product_id,
    coalesce(category_names.product_category_name_english, products.product_category_name) as category
from landing.products
left join landing.category_names on products.product_category_name = category_names.product_category_name
