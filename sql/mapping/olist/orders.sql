-- One order per row. A customer_id of this export stands for one order; the person is customer_unique_id.
-- rows: all
-- file: orders = olist_orders_dataset*
-- file: customers = olist_customers_dataset*
-- file: items = olist_order_items_dataset*
-- lookup: customers
-- lookup: items
-- time_zone: America/Sao_Paulo
-- currency: BRL
with freight as (
    select
        order_id,
        sum(try_cast(freight_value as decimal(18, 4))) as shipping_fee
    from landing.items
    group by order_id
)

select
    orders._row,
    orders.order_id,
    orders.order_purchase_timestamp as ordered_at,
    customers.customer_unique_id as user_id,
    'sale' as kind,
    case
        when orders.order_status = 'created' then 'placed'
        when orders.order_status in ('approved', 'invoiced', 'processing') then 'paid'
        -- unavailable: the shop could not deliver; the day of a cancellation is not in the export
        when orders.order_status in ('canceled', 'unavailable') then 'cancelled'
        else orders.order_status
    end as status,
    'BRL' as currency,
    freight.shipping_fee,
    orders.order_estimated_delivery_date as promised_at,
    orders.order_delivered_carrier_date as shipped_at,
    orders.order_delivered_customer_date as delivered_at
from landing.orders
left join landing.customers on orders.customer_id = customers.customer_id
left join freight on orders.order_id = freight.order_id
