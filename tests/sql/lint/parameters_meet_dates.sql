-- wrong: midnight UTC is 08:00 in Shanghai
select user_id from core.orders where ordered_at < $from_date;
-- right
select user_id from core.orders where ordered_date < $from_date;

-- wrong: the same with between
select user_id from core.orders where ordered_at between $from_date and $until_date - 1;
-- right
select user_id from core.orders where ordered_date between $from_date and $until_date - 1;

-- wrong: the same turned round; $received_at is a time
select user_id from core.orders where $until_date + 1 > ordered_at;
-- right
select user_id from core.orders where $until_date + 1 > ordered_date and ordered_at < $received_at;

-- wrong: the same through a name of the file's own
select user_id from (select user_id, max(ordered_at) as latest from core.orders group by user_id) where latest <
    $from_date;
-- right
select user_id from (select user_id, max(ordered_date) as latest from core.orders group by user_id) where latest <
    $from_date;

