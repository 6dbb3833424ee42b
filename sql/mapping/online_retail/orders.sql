-- One order per invoice. Invoices that begin with C are returns, booked on their own day; A marks bookkeeping entries.
-- rows: derived from invoice lines
-- file: lines = online_retail*
-- time_zone: Europe/London
-- currency: GBP
with customer_lines as (
    select
        InvoiceNo as order_id,
        InvoiceDate as ordered_at,
        CustomerID as user_id
    from landing.lines
    -- bookkeeping entries and stock corrections are no orders; order_items.sql names them row by row
    where
        InvoiceNo not like 'A%'
        and (try_cast(UnitPrice as double) <> 0 or CustomerID is not null)
)

select
    order_id,
    -- 43 invoices carry two neighbouring minutes
    min(ordered_at) as ordered_at,
    max(user_id) as user_id,
    case when order_id like 'C%' then 'return' else 'sale' end as kind,
    'completed' as status,
    'GBP' as currency
from customer_lines
group by order_id
