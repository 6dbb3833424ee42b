-- One line per product a customer bought on a day. sales_price is the line's total, amount the number of pieces.
-- rows: all of every file
-- file: lines = ta_feng*
select
    _row,
    customer_id || '-' || strftime(try_cast(transaction_dt as date), '%Y%m%d') as order_id,
    -- a product stands once per customer and day; were it twice, the content decides
    row_number() over (
        partition by customer_id, try_cast(transaction_dt as date)
        order by product_id asc, amount asc, sales_price asc, asset asc, _row asc
    ) as line_number,
    sales_price as line_amount,
    product_id,
    amount as quantity,
    round(try_cast(sales_price as double) / nullif(try_cast(amount as double), 0), 4) as unit_price
from landing.lines
