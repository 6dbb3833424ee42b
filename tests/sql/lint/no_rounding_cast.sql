-- wrong: 1.7 becomes 2
select order_id, cast(quantity as integer) as line_number from core.order_items;
-- right
select order_id, cast(floor(quantity) as integer) as line_number from core.order_items;

-- wrong: text may say 1.7
select order_id, try_cast(currency as bigint) as line_number from core.orders;
-- right
select order_id, cast(is_paid as integer) as line_number from core.orders;

-- wrong: cents are cut
select order_id, cast(exchange_rate * 2 as decimal(18, 4)) as discount from core.orders;
-- right
select order_id, cast(round(exchange_rate * 2, 4) as decimal(18, 4)) as discount from core.orders;

-- wrong: the UTC day
select order_id, cast(ordered_at as date) as ordered_date from core.orders;
-- right
select order_id, cast(date_trunc('month', ordered_date) as date) as ordered_date from core.orders;

-- wrong: the short form
select order_id, quantity::int as line_number from core.order_items;
-- right
select order_id, round(quantity)::int as line_number from core.order_items;

