-- One row per basis, period type, group, cohort and period since: how many of the cohort were active then.
-- Cohort: users by the period of their first activity in the data, which is period 0. on = active in period n;
-- on_or_after = active in n or later; streak = active in every period 1..n. Denominator: cohort_users_count.
-- Break-downs by channel, region and the persona of today stand for weeks and months; recurring cohorts apart.
-- The cell is complete when period n is over. on_or_after goes on growing: compare equal follow-up only.
-- grain: activity_basis, period_type, dimension, dimension_value, cohort_date, period_offset
-- assert: streak_users_count <= on_users_count
-- assert: on_users_count <= on_or_after_users_count
-- assert: on_or_after_users_count <= cohort_users_count
-- assert: period_offset > 0 or on_users_count = cohort_users_count
-- may-be-empty: nobody was active yet
with policy as (
    select
        unnest([0, 1, 2, 3, 4, 5]) as series,
        unnest(['activity', 'activity', 'activity', 'order', 'order', 'order']) as activity_basis,
        unnest(['day', 'week', 'month', 'day', 'week', 'month']) as period_type,
        unnest([30, 26, 24, 30, 26, 24]) as periods_at_most
),

offsets as (
    select unnest(generate_series(0, 31)) as period_offset
),

user_groups as (
    select *
    from core.user_group
    union all
    select
        users.user_key,
        'persona' as dimension,
        coalesce(personas.persona, 'unknown') as dimension_value
    from core.users
    left join score.user_persona as personas
        on users.user_id = personas.user_id and personas.as_of = (select max(as_of) from score.user_persona)
),

-- no text goes through the joins of users with their periods
numbered as (
    select
        dimension,
        dimension_value,
        row_number() over (order by dimension, dimension_value) as group_number
    from user_groups
    group by dimension, dimension_value
),

members as (
    select
        user_groups.user_key,
        numbered.group_number,
        user_groups.dimension = 'all' as is_whole
    from user_groups
    inner join numbered using (dimension, dimension_value)
),

-- cohort, series, group (24 bits) and period (5 bits) in one number; users who came and went alike are met once
alike as (
    select
        ((lives.cohort_number * 8 + policy.series) * 16777216 + members.group_number) * 32 as cohort_cell,
        lives.presence,
        lives.last_offset,
        count(*) as users_count
    from core.user_presence as lives
    inner join policy on lives.activity_basis = policy.activity_basis and lives.period_type = policy.period_type
    inner join members on lives.user_key = members.user_key and (members.is_whole or policy.series % 3 > 0)
    group by all
),

cells as (
    select
        cohort_cell + period_offset as cell,
        sum(users_count) as on_users_count,
        -- all bits up to this one
        sum(users_count) filter (where ~presence & ((cast(2 as bigint) << period_offset) - 1) = 0) as streak_count,
        sum(users_count) filter (where last_offset = period_offset) as last_users_count
    from alike
    inner join offsets on ((presence >> period_offset) & 1) = 1
    group by cell
),

cohorts as (
    select
        cells.*,
        policy.activity_basis,
        policy.period_type,
        numbered.dimension,
        numbered.dimension_value,
        cells.cell // 4294967296 as cohort_number,
        periods.period_date as cohort_date,
        unnest(generate_series(0, policy.periods_at_most)) as period_offset
    from cells
    inner join policy on (cells.cell // 536870912) % 8 = policy.series
    inner join numbered on (cells.cell // 32) % 16777216 = numbered.group_number
    inner join core.period as periods
        on policy.period_type = periods.period_type and cells.cell // 4294967296 = periods.period_number
    where cells.cell % 32 = 0
)

select
    cohorts.activity_basis,
    cohorts.period_type,
    cohorts.dimension,
    cohorts.dimension_value,
    cohorts.cohort_date,
    cohorts.period_offset,
    cohorts.on_users_count as cohort_users_count,
    coalesce(cells.on_users_count, 0) as on_users_count,
    -- all but those last seen before: last seen so far, less last seen now
    cohorts.on_users_count + coalesce(cells.last_users_count, 0)
    - sum(coalesce(cells.last_users_count, 0)) over so_far as on_or_after_users_count,
    coalesce(cells.streak_count, 0) as streak_users_count,
    cast(coalesce(cells.on_users_count, 0) as double) / nullif(cohorts.on_users_count, 0) as on_share,
    reached.is_complete
from cohorts
left join cells on cohorts.cell + cohorts.period_offset = cells.cell
inner join core.period as reached
    on
        cohorts.period_type = reached.period_type
        and cohorts.cohort_number + cohorts.period_offset = reached.period_number
window so_far as (partition by cohorts.cell order by cohorts.period_offset)
