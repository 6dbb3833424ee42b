-- One row per event (or paid order) that is a step of a funnel or excluded from it, with its steps as a bit mask.
-- Step 0 of the steps is the exclusion. Events reach some days past the range, so that late entries have their window.
-- Visitors stand here when asked for; users are taken in parts. The unit is a user, or a user and the held product.
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

-- read by one of two branches only
located as not materialized (
    select moments.*
    from moments
    inner join bronze.user_keys as people on moments.user_key = people.user_key
    where
        ($with_visitors or not people.is_anonymous)
        and people.user_key % $parts = $part
        and moments.activity_date >= $from_date
        and moments.activity_date < $until_date + cast($reach_days as integer)
        and (not $with_lines or moments.product_key is not null)
),

-- without filters the type alone decides, which one join finds out
plain as (
    select
        event_type,
        bit_or(case when step > 0 then 1 << (step - 1) else 0 end) as step_mask
    from steps
    where not $with_filters
    group by event_type
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
            select bit_or(case when steps.step > 0 then 1 << (steps.step - 1) else 0 end)
            from steps
            where
                located.event_type = steps.event_type
                and (steps.channel is null or steps.channel = located.channel)
                and (steps.device is null or steps.device = located.device)
                and (steps.category is null or steps.category = products.category)
        ) as step_mask
    from located
    left join core.products on located.product_key = products.product_key
    where $with_filters
)

-- an excluded type has no step and the mask 0; an event that passes no filter has none
select
    case
        when $with_lines then cast(user_key as bigint) << 32 | product_key
        else cast(user_key as bigint)
    end as unit,
    epoch_us(occurred_at) as at_us,
    step_mask,
    activity_date < $until_date as may_enter
from masked
where step_mask is not null
