-- wrong: among versions of one key only the content hash tells rows apart for certain
select * from bronze.orders qualify row_number() over (partition by order_id order by updated_at desc) = 1;
-- right
select * from bronze.orders qualify row_number() over (partition by order_id order by updated_at desc, row_hash desc)
    = 1;

-- wrong: two orders of one moment
select user_id, arg_max(coupon_id, ordered_at) as coupon_id from core.orders group by user_id;
-- right
select user_id, arg_max(coupon_id, order_id) as coupon_id from core.orders group by user_id;

-- wrong: the same with first()
select user_id, first(coupon_id order by ordered_at) as coupon_id from core.orders group by user_id;
-- right
select user_id, first(coupon_id order by ordered_at, order_id) as coupon_id from core.orders group by user_id;

-- wrong: a list has an order, too
select user_id, list(coupon_id) as reason_codes from core.orders group by user_id;
-- right
select user_id, list(coupon_id order by order_id) as reason_codes from core.orders group by user_id;

-- wrong: and so has joined text
select user_id, string_agg(coupon_id, ',') as text from core.orders group by user_id;
-- right
select user_id, string_agg(coupon_id, ',' order by order_id) as text from core.orders group by user_id;

-- wrong: the neighbour among ties; ties of the ordered value itself are alike
select user_id, lag(status) over (partition by user_id order by ordered_at) as status from core.orders;
-- right
select user_id, lag(ordered_at) over (partition by user_id order by ordered_at) as ordered_at from core.orders;

-- wrong: a frame of rows cuts through ties, a frame of values does not
select user_id, sum(line_number) over (partition by user_id order by ordered_date rows unbounded preceding) as x from
    core.order_items;
-- right
select user_id, sum(line_number) over (partition by user_id order by ordered_date) as x from core.order_items;

-- wrong: the first ten of many ties
select user_id from core.orders order by ordered_at limit 10;
-- right
select user_id from core.users order by user_id limit 10;

-- wrong: the first of each user
select distinct on (user_id) user_id, status from core.orders order by ordered_at;
-- right
select distinct on (user_id) user_id, status from core.orders order by ordered_at, order_id;

-- wrong: what is left distinct, or grouped by, is a key
with days as (select user_id, ordered_date from core.orders) select user_id, row_number() over (partition by user_id
    order by ordered_date) as line_number from days;
-- right
with days as (select distinct user_id, ordered_date from core.orders) select user_id, row_number() over (partition by
    user_id order by ordered_date) as line_number from days;

-- wrong: a join that multiplies rows; one on a key does not
select orders.user_id, row_number() over (order by orders.order_id) as line_number from core.orders inner join
    core.order_items on orders.order_id = order_items.order_id;
-- right
select orders.user_id, row_number() over (order by orders.order_id) as line_number from core.orders inner join
    core.users on orders.user_id = users.user_id;

-- wrong: what is held at one value needs no place in the order
select user_key, row_number() over (order by user_key) as line_number from core.sessions where session_number = 1;
-- right
select user_key, row_number() over (order by user_key) as line_number from core.sessions where session_number = 1 and
    activity_date = $from_date;

-- wrong: union leaves each row once, union all does not
select user_id, row_number() over (order by user_id) as line_number from (select user_id from core.users union all
    select user_id from core.orders);
-- right
select user_id, row_number() over (order by user_id) as line_number from (select user_id from core.users union select
    user_id from core.orders);

-- wrong: two parts of one table are told apart only if one leaves out what the other takes
select order_id, row_number() over (order by order_id) as line_number from (select * from core.orders where is_paid
    union all select * from core.orders where kind = 'sale');
-- right
select order_id, row_number() over (order by order_id) as line_number from (select * from core.orders where is_paid
    union all select * from core.orders where not (is_paid) and kind = 'sale');

-- wrong: of an expression grouped by, the other name is no key
select region, first(share order by region) as share
from (select upper(region) as name, region, count(*) as share from core.users group by upper(region), region, gender)
group by region;
-- right
select name, first(share order by region) as share
from (select upper(region) as name, region, count(*) as share from core.users group by upper(region), region)
group by name;

