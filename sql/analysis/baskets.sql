-- One row per basket: a paid order of the range with its products; guests are included, returned lines are not.
-- Of more than $products_at_most different products: left out (robots, wholesale), as in report.product_pair.
-- Products by name where there is one, else by id; a product stands once in a basket; a guest's order is a person.
with bought as (
    select distinct
        items.order_id,
        coalesce(orders.user_id, orders.order_id) as person,
        items.product_id,
        coalesce(products.name, items.product_id) as product
    from core.order_items as items
    inner join core.orders on items.order_id = orders.order_id
    left join core.products on items.product_id = products.product_id
    where
        orders.kind = 'sale'
        and items.is_paid
        and not items.is_return
        and items.product_id is not null
        and items.ordered_date >= $from_date
        and items.ordered_date < $until_date
)

select
    order_id,
    min(person) as person,
    list(distinct product order by product) as products
from bought
group by order_id
having count(*) <= $products_at_most
order by order_id
