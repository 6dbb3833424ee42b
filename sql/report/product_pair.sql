-- One row per as_of, basis and ordered pair of products that went together in the 90 days before as_of.
-- Basis `order`: both in one paid order, guests included. Basis `view`: both viewed in one session, sessions of over 50
-- products left out (robots). support_share = both / all, confidence = both / first, lift = confidence / share of the
-- second, leverage = support less the product of the shares. Pairs of fewer than 10 people are left out; a guest's
-- order is one person.
-- grain: as_of, pair_basis, product_id, other_product_id
-- assert: together_count <= product_count
-- assert: confidence <= 1
-- may-be-empty: no two products go together often enough
with policy as (
    select
        90 as window_days,
        10 as people_at_least,
        50 as session_products_at_most
),

viewed as (
    select distinct
        'view' as pair_basis,
        concat_ws('/', sessions.user_key, sessions.activity_date, sessions.session_number) as basket,
        cast(sessions.user_key as varchar) as person,
        products.product_id
    from core.sessions
    cross join policy
    inner join core.events
        on
            sessions.user_key = events.user_key
            and sessions.started_at <= events.occurred_at
            and sessions.ended_at >= events.occurred_at
    inner join core.products on events.product_key = products.product_key
    where
        events.event_type = 'view'
        and sessions.activity_date >= $as_of - policy.window_days
        and sessions.activity_date < $as_of
        and events.activity_date >= $as_of - policy.window_days
        and events.activity_date < $as_of
),

bought as (
    select distinct
        'order' as pair_basis,
        items.order_id as basket,
        coalesce(items.user_id, items.order_id) as person,
        items.product_id
    from core.order_items as items
    cross join policy
    where
        items.is_paid
        and not items.is_return
        and items.product_id is not null
        and items.ordered_date >= $as_of - policy.window_days
        and items.ordered_date < $as_of
),

contents as (
    select viewed.*
    from viewed
    cross join policy
    qualify count(*) over (partition by viewed.basket) <= policy.session_products_at_most
    union all
    select *
    from bought
),

totals as (
    select
        pair_basis,
        count(distinct basket) as baskets_count
    from contents
    group by pair_basis
),

singles as (
    select
        pair_basis,
        product_id,
        count(*) as product_count
    from contents
    group by pair_basis, product_id
),

pairs as (
    select
        one.pair_basis,
        one.product_id,
        other.product_id as other_product_id,
        count(*) as together_count,
        count(distinct one.person) as people_count
    from contents as one
    inner join contents as other on one.pair_basis = other.pair_basis and one.basket = other.basket
    where one.product_id <> other.product_id
    group by one.pair_basis, one.product_id, other.product_id
)

select
    $as_of as as_of,
    pairs.pair_basis,
    pairs.product_id,
    pairs.other_product_id,
    pairs.together_count,
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
cross join policy
inner join totals on pairs.pair_basis = totals.pair_basis
inner join singles as one on pairs.pair_basis = one.pair_basis and pairs.product_id = one.product_id
inner join singles as other on pairs.pair_basis = other.pair_basis and pairs.other_product_id = other.product_id
where pairs.people_count >= policy.people_at_least
