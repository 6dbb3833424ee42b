-- One row per basis of activity: within how many days a user counts as engaged, and after how many as lapsed.
-- 7 and 30 days for activity; for orders median and 90 % quantile of the shop's purchase intervals, rounded up.
-- grain: activity_basis
-- assert: engaged_within_days >= 1
-- assert: engaged_within_days < lapsed_after_days
-- may-be-empty: nobody was active yet
with intervals as (
    select
        cast(ceil(coalesce(max(interval_median_days), 7)) as integer) as median_days,
        cast(ceil(coalesce(max(interval_p90_days), 30)) as integer) as p90_days
    from core.horizons
),

bases as (
    select distinct activity_basis
    from core.user_active_day
)

select
    bases.activity_basis,
    case when bases.activity_basis = 'order' then greatest(intervals.median_days, 1) else 7 end as engaged_within_days,
    case
        when bases.activity_basis = 'order' then greatest(intervals.p90_days, intervals.median_days + 1, 2)
        else 30
    end as lapsed_after_days
from bases
cross join intervals
