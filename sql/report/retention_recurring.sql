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
        unnest([26, 24]) as periods_at_most,
        unnest([0, 1]) as type_code
),

bases as (
    select
        unnest(['activity', 'order']) as activity_basis,
        unnest([0, 2]) as basis_code
),

longest as (
    select max(periods_at_most) as periods_at_most
    from policy
),

-- which period of its type a day lies in
days as (
    select
        dates.activity_date,
        policy.type_code,
        case policy.period_type
            when 'week' then cast(floor(cast(dates.activity_date - date '1900-01-01' as double) / 7) as bigint)
            else year(dates.activity_date) * 12 + month(dates.activity_date)
        end as period_number
    from core.calendar as dates
    cross join policy
),

-- user, basis and type in one number: the join below goes over hundreds of millions of pairs
visits as (
    select distinct
        4 * cast(dates.user_key as bigint) + bases.basis_code + days.type_code as series_code,
        days.period_number
    from core.user_active_day as dates
    inner join bases on dates.activity_basis = bases.activity_basis
    inner join days on dates.activity_date = days.activity_date
),

counted as (
    select
        members.series_code % 4 as series,
        members.period_number as cohort_number,
        visits.period_number - members.period_number as period_offset,
        count(*) as on_users_count
    from visits as members
    cross join longest
    inner join visits
        on
            members.series_code = visits.series_code
            and members.period_number <= visits.period_number
            and members.period_number + longest.periods_at_most >= visits.period_number
    group by all
),

pairs as (
    select
        bases.activity_basis,
        policy.period_type,
        counted.cohort_number,
        counted.period_offset,
        counted.on_users_count
    from counted
    inner join bases on counted.series - counted.series % 2 = bases.basis_code
    inner join policy
        on counted.series % 2 = policy.type_code and counted.period_offset <= policy.periods_at_most
),

cohorts as (
    select
        pairs.activity_basis,
        pairs.period_type,
        pairs.cohort_number,
        pairs.on_users_count as cohort_users_count,
        periods.period_date as cohort_date,
        unnest(generate_series(0, policy.periods_at_most)) as period_offset
    from pairs
    inner join policy on pairs.period_type = policy.period_type
    inner join core.period as periods
        on pairs.period_type = periods.period_type and pairs.cohort_number = periods.period_number
    where pairs.period_offset = 0
)

select
    cohorts.activity_basis,
    cohorts.period_type,
    cohorts.cohort_date,
    cohorts.period_offset,
    cohorts.cohort_users_count,
    coalesce(pairs.on_users_count, 0) as on_users_count,
    cast(coalesce(pairs.on_users_count, 0) as double) / nullif(cohorts.cohort_users_count, 0) as on_share,
    reached.is_complete
from cohorts
left join pairs using (activity_basis, period_type, cohort_number, period_offset)
inner join core.period as reached
    on
        cohorts.period_type = reached.period_type
        and cohorts.cohort_number + cohorts.period_offset = reached.period_number
