-- One row per pair: the seconds from a first event to the next second event of the same user.
-- A first event that is followed by another first event before the second does not count: pairs are nearest neighbours.
-- The first event lies in the range; equal times are no pair. The type `order` means a paid order.
with moments as (
    select
        user_key,
        activity_date,
        epoch_us(occurred_at) as at_us,
        event_type = $first_type as is_first,
        event_type = $second_type as is_second
    from core.events
    where event_type in ($first_type, $second_type)
    union all
    select
        users.user_key,
        orders.ordered_date as activity_date,
        epoch_us(orders.ordered_at) as at_us,
        $first_type = 'order' as is_first,
        $second_type = 'order' as is_second
    from core.orders
    inner join core.users on orders.user_id = users.user_id
    where orders.kind = 'sale' and orders.is_paid and 'order' in ($first_type, $second_type)
),

followed as (
    select
        user_key,
        activity_date,
        at_us,
        is_first,
        min(case when is_first then at_us end) over later as next_first_us,
        min(case when is_second then at_us end) over later as next_second_us
    from moments
    window later as (partition by user_key order by at_us range between 1 following and unbounded following)
)

select distinct
    user_key,
    at_us,
    cast(next_second_us - at_us as double) / 1000000 as seconds
from followed
where
    is_first
    and next_second_us is not null
    and (next_first_us is null or next_first_us >= next_second_us)
    and activity_date >= $from_date
    and activity_date < $until_date
