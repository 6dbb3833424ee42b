-- Users by the step of view, cart, purchase that they reach within 7 days of an entry.
select
    step as step_number,
    countIf(level >= step) as users_count
from (
    select
        user_key,
        windowFunnel(7 * 86400 * 1000000)(
            toUInt64(toUnixTimestamp64Micro(occurred_at)),
            event_type = 'view',
            event_type = 'cart',
            event_type = 'purchase'
        ) as level
    from events
    where
        event_type in ('view', 'cart', 'purchase')
        and user_key in (select user_key from user_keys where not is_anonymous)
    group by user_key
)
array join [1, 2, 3] as step
group by step
