-- One row per basis, period type (week, month), cohort and period since: how many of the cohort were active then.
-- Cohort: everybody active in the period, so that a user stands in many cohorts. Other words as in report.retention.
-- The denominator is cohort_users_count. A cell is complete when period n is over.
-- grain: activity_basis, period_type, cohort_date, period_offset
-- assert: on_users_count <= cohort_users_count
-- assert: period_offset > 0 or on_users_count = cohort_users_count
-- may-be-empty: nobody was active yet
with policy as (
    select
        unnest(['week', 'month']) as period_type,
        unnest([26, 24]) as periods_at_most
),

pairs as (
    select
        found.activity_basis,
        found.period_type,
        periods.period_number,
        found.period_offset,
        found.users_count
    from core.period_pair as found
    inner join core.period as periods
        on found.period_type = periods.period_type and found.period_date = periods.period_date
),

cohorts as (
    select
        pairs.activity_basis,
        pairs.period_type,
        pairs.period_number as cohort_number,
        pairs.users_count as cohort_users_count,
        periods.period_date as cohort_date,
        unnest(generate_series(0, policy.periods_at_most)) as period_offset
    from pairs
    inner join policy on pairs.period_type = policy.period_type
    inner join core.period as periods
        on pairs.period_type = periods.period_type and pairs.period_number = periods.period_number
    where pairs.period_offset = 0
)

select
    cohorts.activity_basis,
    cohorts.period_type,
    cohorts.cohort_date,
    cohorts.period_offset,
    cohorts.cohort_users_count,
    coalesce(pairs.users_count, 0) as on_users_count,
    cast(coalesce(pairs.users_count, 0) as double) / nullif(cohorts.cohort_users_count, 0) as on_share,
    reached.is_complete
from cohorts
inner join core.period as reached
    on
        cohorts.period_type = reached.period_type
        and cohorts.cohort_number + cohorts.period_offset = reached.period_number
left join pairs
    on
        cohorts.activity_basis = pairs.activity_basis
        and cohorts.period_type = pairs.period_type
        and cohorts.cohort_number + cohorts.period_offset = pairs.period_number
        and cohorts.period_offset = pairs.period_offset
