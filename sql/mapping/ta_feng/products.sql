-- One product per id: the subclass that stands on most of its lines, and what a piece cost on average.
-- rows: derived from receipt lines
-- file: lines = ta_feng*
with subclasses as (
    select
        product_id,
        product_subclass,
        count(*) as lines_count,
        sum(try_cast(asset as double)) as cost,
        sum(try_cast(amount as double)) as pieces
    from landing.lines
    group by product_id, product_subclass
),

costs as (
    select
        product_id,
        sum(cost) / nullif(sum(pieces), 0) as unit_cost
    from subclasses
    group by product_id
)

select
    subclasses.product_id,
    subclasses.product_subclass as category,
    round(costs.unit_cost, 4) as unit_cost
from subclasses
inner join costs on subclasses.product_id = costs.product_id
-- 255 products stand under two subclasses
qualify row_number() over (
    partition by subclasses.product_id
    order by subclasses.lines_count desc, subclasses.product_subclass asc
) = 1
