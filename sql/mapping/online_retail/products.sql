-- One product per stock code that is a product, under the description that stands on most of its lines.
-- rows: derived from invoice lines
-- file: lines = online_retail*
with descriptions as (
    select
        upper(StockCode) as product_id,
        Description as name,
        count(*) as lines_count
    from landing.lines
    where regexp_matches(StockCode, '^([0-9]{5}|DCGS|gift_|PADS)')
    group by upper(StockCode), Description
)

select
    product_id,
    name
from descriptions
qualify row_number() over (partition by product_id order by name is null asc, lines_count desc, name asc) = 1
