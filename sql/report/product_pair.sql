-- One row per as_of, basis and ordered pair of products: how often two went together in the 90 days before as_of.
-- Basis `order`: both in one paid order; `view`: both viewed in one session; over 100 products: left out (robots,
-- wholesale). Kept: at least 10 people (each guest one), or 1 in 10,000 baskets if more. Formulas: dictionary.
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
        sessions.*,
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
        dense_rank() over (order by sold.order_id) as basket_number,
        dense_rank() over (order by sold.user_id is null, coalesce(sold.user_id, sold.order_id)) as person_number,
        products.product_key
    from core.order_items as sold
    cross join policy
    inner join core.products using (product_id)
    where sold.is_paid and not sold.is_return and sold.ordered_date between $as_of - policy.window_days and $as_of - 1
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
    select *
    from baskets
    qualify count(*) over (partition by pair_basis, product_key) >= (select people_at_least from policy)
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
    where one.product_key < other.product_key
    group by all
),

both_ways as (
    select
        pairs.pair_basis,
        unnest([one.product_id, other.product_id]) as product_id,
        unnest([other.product_id, one.product_id]) as other_product_id,
        pairs.together_count,
        pairs.people_count,
        unnest([one.product_count, other.product_count]) as product_count,
        unnest([other.product_count, one.product_count]) as other_product_count,
        totals.baskets_count
    from pairs
    inner join totals using (pair_basis)
    inner join singles as one on pairs.pair_basis = one.pair_basis and pairs.product_key = one.product_key
    inner join singles as other on pairs.pair_basis = other.pair_basis and pairs.other_key = other.product_key
    cross join policy
    where pairs.people_count >= greatest(policy.people_at_least, policy.basket_share_at_least * totals.baskets_count)
)

select
    $as_of as as_of,
    both_ways.*,
    cast(together_count as double) / nullif(baskets_count, 0) as support_share,
    cast(together_count as double) / nullif(product_count, 0) as confidence,
    confidence * baskets_count / nullif(other_product_count, 0) as lift,
    support_share - cast(product_count as double) * other_product_count / nullif(power(baskets_count, 2), 0) as leverage
from both_ways
