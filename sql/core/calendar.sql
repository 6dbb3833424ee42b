-- One row per business day from the first to the last day with an active user: the days that reports go over.
-- grain: activity_date
-- may-be-empty: nobody was active yet
with bounds as (
    select
        min(activity_date) as first_date,
        max(activity_date) as last_date
    from core.user_active_day
)

select
    cast(unnest(generate_series(first_date, last_date, interval 1 day)) as date) as activity_date,
    first_date as first_activity_date,
    last_date as last_activity_date
from bounds
where first_date is not null
