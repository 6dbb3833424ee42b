-- One row per signed-in user and dimension (all, channel, region): the group the user is counted in by break-downs.
-- What the shop does not say is the group `unknown`, so that the groups of a dimension always sum to the whole.
-- grain: user_key, dimension
-- view: three columns of core.users on end
select
    user_key,
    'all' as dimension,
    'all' as dimension_value
from core.users
union all
select
    user_key,
    'channel' as dimension,
    coalesce(acquisition_channel, 'unknown') as dimension_value
from core.users
union all
select
    user_key,
    'region' as dimension,
    coalesce(region, 'unknown') as dimension_value
from core.users
