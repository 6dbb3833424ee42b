-- One row per calendar month with a paid sale of a known user: how many different ones bought.
-- grain: month_date
-- partition: month_date
-- periods: month
-- assert: buyers_count >= 1
-- may-be-empty: a shop without orders of known users has no buyers
select
    cast(date_trunc('month', ordered_date) as date) as month_date,
    count(distinct user_id) as buyers_count
from core.order_items
where
    is_paid and not is_return and user_id is not null
    and ordered_date >= $from_date and ordered_date < $until_date + 31
    and cast(date_trunc('month', ordered_date) as date) >= $from_date
    and cast(date_trunc('month', ordered_date) as date) < $until_date
group by cast(date_trunc('month', ordered_date) as date)
