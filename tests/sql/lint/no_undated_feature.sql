-- wrong: whether it is paid now, not then
select user_id, $as_of as as_of, count(*) filter (where is_paid) as orders_count from core.orders group by user_id;
-- right
select user_id, $as_of as as_of, count(*) as orders_count from core.orders group by user_id;

-- wrong: the status of now
select user_id, $as_of as as_of from core.orders where status <> 'cancelled';
-- right
select user_id, $as_of as as_of from core.orders where cancelled_date is null or cancelled_date >= $as_of;

