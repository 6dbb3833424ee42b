-- wrong: two times
select order_id, date_diff('day', ordered_at, delivered_at) as rows_count from bronze.orders;
-- right
select order_id, date_diff('day', ordered_date, delivered_date) as rows_count from bronze.orders;

-- wrong: one time
select order_id, date_diff('day', ordered_date, delivered_at) as rows_count from bronze.orders;
-- right
select order_id, date_diff('day', ordered_date, delivered_date + 1) as rows_count from bronze.orders;

