-- One row per basis, period type (week, month), cohort and period since: how many of the cohort were active then.
-- Cohort: everybody active in the period, so that a user stands in many cohorts. Other words as in report.retention.
-- The denominator is cohort_users_count. A cell is complete when period n is over.
-- grain: activity_basis, period_type, cohort_date, period_offset
-- assert: on_users_count <= cohort_users_count
-- assert: period_offset > 0 or on_users_count = cohort_users_count
-- may-be-empty: nobody was active yet
with series as (
    select
        unnest([0, 1, 2, 3]) as series,
        unnest(['activity', 'activity', 'order', 'order']) as activity_basis,
        unnest(['week', 'month', 'week', 'month']) as period_type,
        unnest([26, 24, 26, 24]) as periods_at_most
),

-- which period of its type a day lies in
days as (
    select
        dates.activity_date,
        series.activity_basis,
        series.series,
        case series.period_type
            when 'week' then cast(floor(cast(dates.activity_date - date '1900-01-01' as double) / 7) as bigint)
            else year(dates.activity_date) * 12 + month(dates.activity_date)
        end as period_number
    from core.calendar as dates
    cross join series
),

-- user and series in one number, and the periods as bits, 32 to a row: no join of a user's periods with each other
blocks as (
    select
        4 * cast(dates.user_key as bigint) + days.series as series_code,
        days.period_number // 32 as block_number,
        bit_or(cast(1 as bigint) << (days.period_number % 32)) as bits
    from core.user_active_day as dates
    inner join days on dates.activity_basis = days.activity_basis and dates.activity_date = days.activity_date
    group by series_code, block_number
),

-- of the next block, the 26 bits that a cohort of this one can reach
followed as (
    select
        series_code % 4 as series,
        block_number,
        bits,
        if(
            lead(block_number) over (partition by series_code order by block_number) = block_number + 1,
            lead(bits) over (partition by series_code order by block_number) & 67108863, 0
        ) as later_bits
    from blocks
),

places as (
    select unnest(generate_series(0, 31)) as place
),

-- one cohort for each bit that is set: its own period becomes bit 0
cohort_bits as (
    select
        followed.series,
        32 * followed.block_number + places.place as cohort_number,
        (followed.bits >> places.place) | (followed.later_bits << (32 - places.place)) as bits,
        count(*) as users_count
    from followed
    inner join places on ((followed.bits >> places.place) & 1) = 1
    group by all
),

pairs as (
    select
        cohort_bits.series,
        cohort_bits.cohort_number,
        places.place as period_offset,
        sum(cohort_bits.users_count) as on_users_count
    from cohort_bits
    inner join places on ((cohort_bits.bits >> places.place) & 1) = 1
    group by all
),

cohorts as (
    select
        pairs.series,
        series.activity_basis,
        series.period_type,
        pairs.cohort_number,
        pairs.on_users_count as cohort_users_count,
        periods.period_date as cohort_date,
        unnest(generate_series(0, series.periods_at_most)) as period_offset
    from pairs
    inner join series on pairs.series = series.series
    inner join core.period as periods
        on series.period_type = periods.period_type and pairs.cohort_number = periods.period_number
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
left join pairs using (series, cohort_number, period_offset)
inner join core.period as reached
    on
        cohorts.period_type = reached.period_type
        and cohorts.cohort_number + cohorts.period_offset = reached.period_number
