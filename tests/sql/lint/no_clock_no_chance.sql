-- wrong: the clock
select user_id, now() as created_at from core.users;
-- right
select user_id, $received_at as created_at from core.users;

-- wrong: the clock
select user_id, current_date as as_of from core.users;
-- right
select user_id, registered_date from core.users;

-- wrong: chance
select user_id, random() as share from core.users;
-- right
select user_id, 0.5 as share from core.users;

-- wrong: any row of the group
select user_id, any_value(region) as region from core.users group by user_id;
-- right
select user_id, max(region) as region from core.users group by user_id;

-- wrong: a sample
select user_id from core.users using sample 10;
-- right
select user_id from core.users;

