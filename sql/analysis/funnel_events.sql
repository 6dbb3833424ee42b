-- One row per event (or paid order) that is a step of a funnel or excluded from it, with its steps as a bit mask.
-- Step 0 of the steps is the exclusion. Events reach some days past the range, so that late entries have their window.
-- Visitors who are not signed in stand here when asked for; users are taken in parts, by their key.
with steps as (
    select
        unnest(
            from_json(
                $steps,
                '[{"step":"INTEGER", "event_type":"VARCHAR", "channel":"VARCHAR", "device":"VARCHAR",'
                || '"category":"VARCHAR"}]'
            ),
            recursive := true
        )
),

moments as (
    select
        events.user_key,
        events.product_key,
        events.occurred_at,
        events.activity_date,
        events.event_type,
        events.channel,
        events.device
    from core.events
    where events.event_type in (select steps.event_type from steps)
    union all
    select
        users.user_key,
        null as product_key,
        orders.ordered_at as occurred_at,
        orders.ordered_date as activity_date,
        'order' as event_type,
        null as channel,
        null as device
    from core.orders
    inner join core.users on orders.user_id = users.user_id
    where
        orders.kind = 'sale'
        and orders.is_paid
        and not $with_lines
        and 'order' in (select steps.event_type from steps)
    union all
    -- with a held product an order counts for each product in it
    select distinct
        users.user_key,
        products.product_key,
        orders.ordered_at as occurred_at,
        orders.ordered_date as activity_date,
        'order' as event_type,
        null as channel,
        null as device
    from core.orders
    inner join core.users on orders.user_id = users.user_id
    inner join core.order_items as items on orders.order_id = items.order_id
    inner join core.products on items.product_id = products.product_id
    where
        orders.kind = 'sale'
        and orders.is_paid
        and $with_lines
        and 'order' in (select steps.event_type from steps)
),

-- without filters the type alone decides, which one join finds out
plain as (
    select
        event_type,
        bit_or(case when step > 0 then cast(1 as bigint) << (step - 1) else 0 end) as step_mask
    from steps
    where not $with_filters
    group by event_type
),

-- read by one of two branches only
located as not materialized (
    select
        moments.*,
        products.category
    from moments
    left join core.products on moments.product_key = products.product_key
    inner join bronze.user_keys on moments.user_key = user_keys.user_key
    where
        moments.activity_date >= $from_date
        and moments.activity_date < $until_date + cast($reach_days as integer)
        and ($with_visitors or not user_keys.is_anonymous)
        and moments.user_key % $parts = $part
),

masked as (
    select
        located.*,
        plain.step_mask
    from located
    inner join plain on located.event_type = plain.event_type
    union all
    select
        located.*,
        (
            select bit_or(case when steps.step > 0 then cast(1 as bigint) << (steps.step - 1) else 0 end)
            from steps
            where
                located.event_type = steps.event_type
                and (steps.channel is null or steps.channel = located.channel)
                and (steps.device is null or steps.device = located.device)
                and (steps.category is null or steps.category = located.category)
        ) as step_mask
    from located
    where $with_filters
)

-- an excluded type has no step and the mask 0; an event that passes no filter has none
select
    user_key,
    coalesce(product_key, -1) as product_key,
    epoch_us(occurred_at) as at_us,
    step_mask,
    activity_date < $until_date as may_enter
from masked
where step_mask is not null
