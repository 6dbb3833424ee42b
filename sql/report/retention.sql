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
        unnest(['day', 'week', 'month']) as period_type,
        unnest([30, 26, 24]) as periods_at_most
),

offsets as (
    select unnest(generate_series(0, max(periods_at_most) + 1)) as period_offset
    from policy
),

user_groups as (
    select
        user_key,
        dimension,
        dimension_value
    from core.user_group
    union all
    select
        users.user_key,
        'persona' as dimension,
        coalesce(personas.persona, 'unknown') as dimension_value
    from core.users
    left join score.user_persona as personas
        on
            users.user_id = personas.user_id
            and personas.as_of = (select max(newest.as_of) from score.user_persona as newest)
),

counted as (
    select
        lives.activity_basis,
        lives.period_type,
        user_groups.dimension,
        user_groups.dimension_value,
        lives.cohort_number,
        offsets.period_offset,
        count(*) as on_users_count,
        -- all bits up to this one
        count(*) filter (
            where (lives.presence & ((cast(2 as bigint) << offsets.period_offset) - 1))
            = (cast(2 as bigint) << offsets.period_offset) - 1
        ) as streak_users_count,
        count(*) filter (where lives.last_offset = offsets.period_offset) as last_users_count
    from core.user_presence as lives
    inner join offsets on ((lives.presence >> offsets.period_offset) & 1) = 1
    inner join user_groups
        on lives.user_key = user_groups.user_key and (user_groups.dimension = 'all' or lives.period_type <> 'day')
    group by all
),

cohorts as (
    select
        counted.activity_basis,
        counted.period_type,
        counted.dimension,
        counted.dimension_value,
        counted.cohort_number,
        periods.period_date as cohort_date,
        counted.on_users_count as cohort_users_count,
        unnest(generate_series(0, policy.periods_at_most)) as period_offset
    from counted
    inner join policy on counted.period_type = policy.period_type
    inner join core.period as periods
        on counted.period_type = periods.period_type and counted.cohort_number = periods.period_number
    where counted.period_offset = 0
)

select
    cohorts.activity_basis,
    cohorts.period_type,
    cohorts.dimension,
    cohorts.dimension_value,
    cohorts.cohort_date,
    cohorts.period_offset,
    cohorts.cohort_users_count,
    coalesce(counted.on_users_count, 0) as on_users_count,
    -- all but those last seen before: last seen so far, less last seen now
    cohorts.cohort_users_count + coalesce(counted.last_users_count, 0)
    - sum(coalesce(counted.last_users_count, 0)) over so_far as on_or_after_users_count,
    coalesce(counted.streak_users_count, 0) as streak_users_count,
    cast(coalesce(counted.on_users_count, 0) as double) / nullif(cohorts.cohort_users_count, 0) as on_share,
    reached.is_complete
from cohorts
left join counted using (activity_basis, period_type, dimension, dimension_value, cohort_number, period_offset)
inner join core.period as reached
    on
        cohorts.period_type = reached.period_type
        and cohorts.cohort_number + cohorts.period_offset = reached.period_number
window so_far as (
    partition by
        cohorts.activity_basis, cohorts.period_type, cohorts.dimension, cohorts.dimension_value, cohorts.cohort_number
    order by cohorts.period_offset
)
