-- wrong: rows have no order
select users.user_id from core.users positional join core.orders;
-- right
select users.user_id from core.users inner join core.orders on users.user_id = orders.user_id;

