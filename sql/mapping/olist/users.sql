-- One user per person (customer_unique_id), known from the first order on; place as on the newest order, undated.
-- rows: derived from customers
-- file: customers = olist_customers_dataset*
-- file: orders = olist_orders_dataset*
-- lookup: orders
-- total-order: an order_id stands once in the orders file
with placed as (
    select
        customers.customer_unique_id,
        customers.customer_city,
        customers.customer_state,
        try_cast(orders.order_purchase_timestamp as timestamp) as ordered_at,
        orders.order_id
    from landing.customers
    inner join landing.orders on customers.customer_id = orders.customer_id
)

select
    customer_unique_id as user_id,
    min(ordered_at) over (partition by customer_unique_id) as registered_at,
    customer_state as region,
    to_json(struct_pack(city := customer_city)) as attributes,
    -- a research data set: nobody was asked; the operator answers for using it
    true as marketing_consent,
    'research_data' as consent_basis
from placed
qualify row_number() over (
    partition by customer_unique_id
    order by ordered_at desc, order_id desc
) = 1
