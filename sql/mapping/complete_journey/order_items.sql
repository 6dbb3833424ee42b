-- One line per product of a basket. line_amount is the shelf price, discount the retailer's own (loyalty card, coupon
-- match), so that line_amount - discount = sales_value, what the retailer received, a manufacturer's coupon included.
-- rows: all of every file
with priced_lines as (
    select
        *,
        try_cast(sales_value as decimal(18, 4)) as received_amount,
        try_cast(retail_disc as decimal(18, 4)) + try_cast(coupon_match_disc as decimal(18, 4)) as discount_amount
    from landing.transactions
)

select
    _row,
    basket_id as order_id,
    -- a product stands once in a basket; were it twice, the content decides
    row_number() over (
        partition by basket_id
        order by product_id asc, quantity asc, sales_value asc, retail_disc asc, coupon_disc asc, _row asc
    ) as line_number,
    received_amount + discount_amount as line_amount,
    product_id,
    -- fuel is counted in thousandths of a gallon: 13,494 lines of more than 1,000 pieces are kept as they are
    quantity,
    discount_amount as discount
from priced_lines
