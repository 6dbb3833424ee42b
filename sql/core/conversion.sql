-- One row per paid order of a signed-in user: what attribution shares among the touches before it.
-- Worth what its lines were paid, before refunds. Number 1 is the user's first paid order in the data.
-- grain: order_id
-- partition: ordered_date
-- view: a join of two stored tables; attribution reads a range of days once
with worth as (
    select
        order_id,
        sum(paid_amount) as paid_amount
    from core.order_items
    group by order_id
)

select
    orders.order_id,
    users.user_key,
    orders.ordered_at,
    orders.ordered_date,
    row_number() over (partition by users.user_key order by orders.ordered_at, orders.order_id) as order_number,
    cast(coalesce(worth.paid_amount, 0) as decimal(18, 4)) as paid_amount
from core.orders
inner join core.users on orders.user_id = users.user_id
left join worth on orders.order_id = worth.order_id
where orders.kind = 'sale' and orders.is_paid
