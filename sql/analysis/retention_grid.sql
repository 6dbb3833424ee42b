-- One row per group, cohort and period since: how many were active then, then or later, and in every period so far.
-- First-time cohorts: users by the period of their first activity. Recurring ones: everybody active in the period.
-- The words are those of report.retention; this file answers what no table holds: days by group, recurring by group.
with presence as (
    select distinct
        dates.user_key,
        periods.period_number
    from core.user_active_day as dates
    inner join core.period as periods
        on periods.period_type = $period and date_trunc($period, dates.activity_date) = periods.period_date
    where dates.activity_basis = $basis
),

activity as (
    select
        user_key,
        period_number,
        min(period_number) over (partition by user_key) as first_number,
        max(period_number) over (partition by user_key) as last_number,
        -- periods without a gap have the same number here
        period_number - row_number() over (partition by user_key order by period_number) as run_number
    from presence
),

runs as (
    select
        *,
        max(period_number) over (partition by user_key, run_number) as run_end_number
    from activity
),

user_groups as (
    select
        user_key,
        dimension_value
    from core.user_group
    where dimension = $dimension
    union all
    select
        users.user_key,
        coalesce(personas.persona, 'unknown') as dimension_value
    from core.users
    left join score.user_persona as personas
        on
            users.user_id = personas.user_id
            and personas.as_of = (select max(newest.as_of) from score.user_persona as newest)
    where $dimension = 'persona'
),

members as (
    select
        runs.user_key,
        runs.period_number as cohort_number,
        runs.last_number,
        runs.run_end_number,
        user_groups.dimension_value
    from runs
    inner join user_groups on runs.user_key = user_groups.user_key
    where $is_recurring or runs.period_number = runs.first_number
),

offsets as (
    select unnest(generate_series(0, $periods_at_most)) as period_offset
),

cells as (
    select
        members.dimension_value,
        members.cohort_number,
        offsets.period_offset,
        count(*) as cohort_users_count,
        count(activity.user_key) as on_users_count,
        count(*) filter (where members.last_number >= members.cohort_number + offsets.period_offset)
            as on_or_after_users_count,
        count(*) filter (where members.run_end_number >= members.cohort_number + offsets.period_offset)
            as streak_users_count
    from members
    cross join offsets
    left join activity
        on
            members.user_key = activity.user_key
            and members.cohort_number + offsets.period_offset = activity.period_number
    group by members.dimension_value, members.cohort_number, offsets.period_offset
)

select
    cells.dimension_value,
    cohorts.period_date as cohort_date,
    cells.period_offset,
    cells.cohort_users_count,
    cells.on_users_count,
    cells.on_or_after_users_count,
    cells.streak_users_count,
    cast(cells.on_users_count as double) / nullif(cells.cohort_users_count, 0) as on_share,
    reached.is_complete
from cells
inner join core.period as cohorts
    on cohorts.period_type = $period and cells.cohort_number = cohorts.period_number
inner join core.period as reached
    on reached.period_type = $period and cells.cohort_number + cells.period_offset = reached.period_number
order by cells.dimension_value, cohorts.period_date, cells.period_offset
