-- One row per group (all, channel), month cohort and day since acquisition: net revenue so far, per acquired user too.
-- Acquired: the day of the first activity in the data. Net = paid sales less returns and refunds, each on its own day,
-- guests left out. Denominator: all users of the cohort, buyers or not. A cell is complete when every member was seen
-- for so many days. The LTV curve of a group is the sum over its cohorts, complete cells only.
-- grain: dimension, dimension_value, cohort_date, days_since_first
-- assert: cohort_users_count >= 1
-- may-be-empty: nobody was active yet
with policy as (
    select 365 as days_at_most
),

acquired as (
    select
        user_key,
        min(activity_date) as first_date
    from core.user_active_day
    where activity_basis = 'activity'
    group by user_key
),

movements as (
    select
        user_id,
        ordered_date as movement_date,
        paid_amount - returned_amount as amount
    from core.order_items
    where is_paid and user_id is not null
    union all
    select
        user_id,
        refunded_date as movement_date,
        -refund_amount as amount
    from core.order_items
    where is_paid and user_id is not null and refunded_date is not null
),

members as (
    select
        user_group.dimension,
        user_group.dimension_value,
        cast(date_trunc('month', acquired.first_date) as date) as cohort_date,
        acquired.user_key,
        acquired.first_date
    from acquired
    inner join core.user_group on acquired.user_key = user_group.user_key
    where user_group.dimension in ('all', 'channel')
),

cohorts as (
    select
        dimension,
        dimension_value,
        cohort_date,
        count(*) as cohort_users_count,
        max(first_date) as last_first_date
    from members
    group by dimension, dimension_value, cohort_date
),

earned as (
    select
        members.dimension,
        members.dimension_value,
        members.cohort_date,
        -- a return of something bought before the data begins counts on day 0
        greatest(date_diff('day', members.first_date, movements.movement_date), 0) as days_since_first,
        sum(movements.amount) as amount
    from members
    inner join core.users on members.user_key = users.user_key
    inner join movements on users.user_id = movements.user_id
    group by all
),

bounds as (
    select max(activity_date) as last_date
    from core.calendar
),

grid as (
    select
        cohorts.*,
        bounds.last_date,
        unnest(
            generate_series(0, least(policy.days_at_most, date_diff('day', cohorts.cohort_date, bounds.last_date)))
        ) as days_since_first
    from cohorts
    cross join bounds
    cross join policy
),

summed as (
    select
        grid.dimension,
        grid.dimension_value,
        grid.cohort_date,
        grid.days_since_first,
        grid.cohort_users_count,
        grid.last_first_date + cast(grid.days_since_first as integer) <= grid.last_date as is_complete,
        sum(coalesce(earned.amount, 0)) over (
            partition by grid.dimension, grid.dimension_value, grid.cohort_date
            order by grid.days_since_first
        ) as net_amount
    from grid
    left join earned using (dimension, dimension_value, cohort_date, days_since_first)
)

select
    *,
    cast(net_amount as double) / nullif(cohort_users_count, 0) as net_amount_per_user
from summed
