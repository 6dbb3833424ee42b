-- One row per as_of, basis and ordered pair of products that went together in the 90 days before as_of.
-- Basis `order`: both in one paid order; `view`: both viewed in one session; over 100 products are left out (robots,
-- wholesale). support_share = both / all, confidence = both / first, lift = confidence / share of the second, leverage
-- = support less the product of the shares. Kept: at least 10 people (each guest one), or 1 in 10,000 baskets if more.
-- grain: as_of, pair_basis, product_id, other_product_id
-- assert: together_count <= product_count
-- may-be-empty: no two products go together often enough
with policy as (
    select
        90 as window_days,
        10 as people_at_least,
        0.0001 as basket_share_at_least,
        100 as products_at_most
),

-- a session has events on the day it starts and on the next; baskets get numbers, because joining texts costs far more
session_days as (
    select
        sessions.user_key,
        sessions.started_at,
        sessions.ended_at,
        unnest([sessions.activity_date, sessions.activity_date + 1]) as event_date,
        dense_rank() over (order by sessions.user_key, sessions.started_at) as basket_number
    from core.sessions
    cross join policy
    where sessions.views_count > 0 and sessions.activity_date between $as_of - policy.window_days and $as_of - 1
),

contents as (
    select distinct
        'view' as pair_basis,
        session_days.basket_number,
        session_days.user_key as person_number,
        events.product_key
    from core.events
    inner join session_days
        on events.user_key = session_days.user_key and events.activity_date = session_days.event_date
    where
        events.occurred_at between session_days.started_at and session_days.ended_at
        and events.event_type = 'view' and events.product_key is not null and events.activity_date < $as_of
    union all
    select distinct
        'order' as pair_basis,
        dense_rank() over (order by items.order_id) as basket_number,
        dense_rank() over (order by items.user_id is null, coalesce(items.user_id, items.order_id)) as person_number,
        products.product_key
    from core.order_items as items
    inner join core.products using (product_id)
    where
        items.is_paid and not items.is_return
        and items.ordered_date between $as_of - (select policy.window_days from policy) and $as_of - 1
),

baskets as (
    select *
    from contents
    qualify count(*) over (partition by pair_basis, basket_number) <= (select products_at_most from policy)
),

totals as (
    select
        pair_basis,
        count(distinct basket_number) as baskets_count
    from baskets
    group by pair_basis
),

singles as (
    select
        pair_basis,
        product_key,
        product_id,
        count(*) as product_count
    from baskets
    inner join core.products using (product_key)
    group by all
),

frequent as (
    select baskets.*
    from baskets
    inner join singles using (pair_basis, product_key)
    where singles.product_count >= (select people_at_least from policy)
),

pairs as (
    select
        one.pair_basis,
        one.product_key,
        other.product_key as other_key,
        count(*) as together_count,
        count(distinct one.person_number) as people_count
    from frequent as one
    inner join frequent as other using (pair_basis, basket_number)
    where one.product_key <> other.product_key
    group by all
)

select
    $as_of as as_of,
    pairs.pair_basis,
    one.product_id,
    other.product_id as other_product_id,
    pairs.together_count,
    pairs.people_count,
    one.product_count,
    other.product_count as other_product_count,
    totals.baskets_count,
    cast(pairs.together_count as double) / nullif(totals.baskets_count, 0) as support_share,
    cast(pairs.together_count as double) / nullif(one.product_count, 0) as confidence,
    cast(pairs.together_count as double) * totals.baskets_count
    / nullif(cast(one.product_count as double) * other.product_count, 0) as lift,
    cast(pairs.together_count as double) / nullif(totals.baskets_count, 0)
    - cast(one.product_count as double) * other.product_count / nullif(power(totals.baskets_count, 2), 0) as leverage
from pairs
inner join totals using (pair_basis)
inner join singles as one on pairs.pair_basis = one.pair_basis and pairs.product_key = one.product_key
inner join singles as other on pairs.pair_basis = other.pair_basis and pairs.other_key = other.product_key
cross join policy
where pairs.people_count >= greatest(policy.people_at_least, policy.basket_share_at_least * totals.baskets_count)
