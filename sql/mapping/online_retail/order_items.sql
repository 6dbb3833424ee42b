-- One line per invoice line. The export has no line number: lines are numbered by their content, repeated lines kept.
-- rows: all of every file
-- file: lines = online_retail*
with typed_lines as (
    select
        *,
        try_cast(Quantity as decimal(18, 4)) as pieces,
        try_cast(UnitPrice as decimal(18, 4)) as price
    from landing.lines
)

select
    _row,
    InvoiceNo as order_id,
    row_number() over (
        partition by InvoiceNo
        order by StockCode asc, Quantity asc, UnitPrice asc, Description asc, InvoiceDate asc, _row asc
    ) as line_number,
    pieces * price as line_amount,
    -- codes that begin with five digits, gift sets and vouchers are products; POST, M, D, AMAZONFEE ... are charges.
    -- 112 products are written in two ways, 85123A and 85123a
    case
        when regexp_matches(StockCode, '^([0-9]{5}|DCGS|gift_|PADS)') then upper(StockCode)
    end as product_id,
    Quantity as quantity,
    UnitPrice as unit_price,
    case
        when InvoiceNo like 'A%' then 'bookkeeping entry (bad debt), not a sale'
        when price = 0 and CustomerID is null then 'stock correction without price or customer'
    end as _excluded
from typed_lines
