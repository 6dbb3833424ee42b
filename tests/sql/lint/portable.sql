-- wrong: asof
select users.user_id from core.users asof join core.orders on users.user_id = orders.user_id and users.registered_at
    >= orders.ordered_at;
-- right
select users.user_id from core.users inner join core.orders on users.user_id = orders.user_id;

-- wrong: generate_series in from
select numbers.value as user_id from generate_series(1, 3) as numbers (value);
-- right
select user_id from core.users;

-- wrong: percentile_cont
select user_id, percentile_cont(0.5) within group (order by quantity) as quantity from core.order_items group by
    user_id;
-- right
select user_id, quantile_cont(quantity, 0.5) as quantity from core.order_items group by user_id;

-- wrong: columns()
select columns('user.*') from core.users;
-- right
select user_id from core.users;

-- wrong: replace
select * replace (upper(user_id) as user_id) from core.users;
-- right
select * exclude (gender) from core.users;

-- wrong: groups
select user_id, sum(score) over (order by created_date groups 1 preceding) as score from core.feedback;
-- right
select user_id, sum(score) over (order by created_date range unbounded preceding) as score from core.feedback;

-- wrong: list slice
select user_id, string_split(region, ' ')[1:2] as region from core.users;
-- right
select user_id, string_split(region, ' ')[1] as region from core.users;

-- wrong: union by name
select user_id from core.users union by name select user_id from core.orders;
-- right
select user_id from core.users union select user_id from core.orders;

-- wrong: pivot
select * from core.orders pivot (count(order_id) for kind in ('sale', 'return'));
-- right
select count(*) filter (where kind = 'sale') as rows_count from core.orders;

