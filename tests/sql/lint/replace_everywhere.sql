-- wrong: the first match only
select user_id, regexp_replace(region, ' ', '') as region from core.users;
-- right
select user_id, regexp_replace(region, ' ', '', 'g') as region from core.users;

-- wrong: other flags do not help
select user_id, regexp_replace(region, ' ', '', 'i') as region from core.users;
-- right
select user_id, regexp_replace(region, ' ', '', 'gi') as region from core.users;

