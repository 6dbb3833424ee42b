-- wrong: a quantity may be 0
select order_id, cast(line_number as double) / quantity as share from core.order_items;
-- right
select order_id, cast(line_number as double) / nullif(quantity, 0) as share from core.order_items;

-- wrong: decimals
select order_id, paid_amount / nullif(gross_amount, 0) as share from core.order_items;
-- right
select order_id, cast(paid_amount as double) / nullif(gross_amount, 0) as share from core.order_items;

-- wrong: whole numbers may be 0 too
select order_id, line_number // quantity as share from core.order_items;
-- right
select order_id, line_number // nullif(quantity, 0) as share from core.order_items;

-- wrong: 0 itself
select order_id, line_number / 0 as share from core.order_items;
-- right
select order_id, line_number / 7 as share from core.order_items;

-- wrong: sums of decimals; an average is a double
select user_id, sum(paid_amount) / nullif(sum(gross_amount), 0) as share from core.order_items group by user_id;
-- right
select user_id, avg(paid_amount) / nullif(max(gross_amount), 0) as share from core.order_items group by user_id;

