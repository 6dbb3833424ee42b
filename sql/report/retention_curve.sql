-- One row per basis, period type, group and period since: mean retention over the cohorts whose period is over.
-- Mean = users active in period n / users of the cohorts, complete cells only; low and high: 95 % Wilson interval.
-- grain: activity_basis, period_type, dimension, dimension_value, period_offset
-- assert: on_share_low <= on_share and on_share <= on_share_high
-- may-be-empty: no cohort has a period that is over
with policy as (
    select 1.959963984540054 as normal_quantile
),

summed as (
    select
        activity_basis,
        period_type,
        dimension,
        dimension_value,
        period_offset,
        count(*) as cohorts_count,
        sum(cohort_users_count) as cohort_users_count,
        sum(on_users_count) as on_users_count,
        cast(sum(on_users_count) as double) as successes,
        cast(sum(cohort_users_count) as double) as trials
    from report.retention
    where is_complete
    group by all
),

-- Wilson: (k + z^2/2 -+ z sqrt(k (n - k) / n + z^2/4)) / (n + z^2)
scored as (
    select
        summed.*,
        successes / nullif(trials, 0) as on_share,
        successes + power(normal_quantile, 2) / 2 as middle,
        normal_quantile
        * sqrt(successes * (trials - successes) / nullif(trials, 0) + power(normal_quantile, 2) / 4) as half_width,
        trials + power(normal_quantile, 2) as weight
    from summed
    cross join policy
)

select
    activity_basis,
    period_type,
    dimension,
    dimension_value,
    period_offset,
    cohorts_count,
    cohort_users_count,
    on_users_count,
    on_share,
    -- at 0 and 1 the interval ends there, give or take a rounding
    least(greatest((middle - half_width) / nullif(weight, 0), 0.0), on_share) as on_share_low,
    greatest(least((middle + half_width) / nullif(weight, 0), 1.0), on_share) as on_share_high
from scored
