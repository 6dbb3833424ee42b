-- One row per value of a user attribute: users, how many were active and bought in the range, orders and net spend.
-- Attributes are those of today. Population: all signed-in users known; who states nothing is `unknown`.
with attributes as (
    select
        user_key,
        user_id,
        coalesce(
            case
                when $attribute = 'gender' then gender
                when $attribute = 'age_band' then age_band
                when $attribute = 'region' then region
                when $attribute = 'city_tier' then city_tier
                when $attribute = 'occupation' then occupation
                when $attribute = 'income_band' then income_band
                when $attribute = 'household_size' then household_size
                when $attribute = 'acquisition_channel' then acquisition_channel
                when starts_with($attribute, 'attributes.')
                    then json_extract_string(
                        attributes, concat('$."', coalesce(nullif(substr($attribute, 12), ''), '-'), '"')
                    )
            end,
            'unknown'
        ) as attribute_value
    from core.users
),

active as (
    select
        user_key,
        count(*) as active_days
    from core.user_active_day
    where activity_basis = 'activity' and activity_date >= $from_date and activity_date < $until_date
    group by user_key
),

bought as (
    select
        user_id,
        count(*) as orders_count
    from core.orders
    where kind = 'sale' and is_paid and ordered_date >= $from_date and ordered_date < $until_date
    group by user_id
),

spent as (
    select
        user_id,
        sum(amount) as net_amount
    from (
        select
            user_id,
            paid_amount - returned_amount as amount
        from core.order_items
        where is_paid and ordered_date >= $from_date and ordered_date < $until_date
        union all
        select
            user_id,
            -refund_amount as amount
        from core.order_items
        where is_paid and refunded_date >= $from_date and refunded_date < $until_date
    ) as movements
    group by user_id
)

select
    attributes.attribute_value,
    count(*) as users_count,
    count(active.user_key) as active_users_count,
    count(bought.user_id) as buyers_count,
    coalesce(sum(active.active_days), 0) as active_days,
    coalesce(sum(bought.orders_count), 0) as orders_count,
    cast(coalesce(sum(spent.net_amount), 0) as double) as net_amount,
    -- sum of squares, for the interval of the mean of a large group; of a small one every user's amount
    coalesce(sum(power(cast(spent.net_amount as double), 2)), 0) as net_amount_squares,
    case when count(*) <= 2000 then list(cast(coalesce(spent.net_amount, 0) as double)) end as net_amounts
from attributes
left join active on attributes.user_key = active.user_key
left join bought on attributes.user_id = bought.user_id
left join spent on attributes.user_id = spent.user_id
group by attributes.attribute_value
order by users_count desc, attributes.attribute_value asc
