-- One row per basis, period type (week, month), period and periods before it: how many users were active in both.
-- Offset 0: all users active in the period. Followed for 26 weeks and 24 months; weeks begin on Monday.
-- grain: activity_basis, period_type, period_date, period_offset
-- partition: period_date
-- periods: week, month
-- reach: onward
-- assert: users_count >= 1
-- may-be-empty: nobody was active yet
with series as (
    select
        unnest([0, 1, 2, 3]) as series,
        unnest(['activity', 'activity', 'order', 'order']) as activity_basis,
        unnest(['week', 'month', 'week', 'month']) as period_type,
        unnest([26, 24, 26, 24]) as periods_at_most,
        unnest([26 * 7, 24 * 31, 26 * 7, 24 * 31]) as days_at_most
),

days as (
    select
        dates.activity_date,
        series.series,
        case series.period_type
            when 'week' then cast(floor(cast(dates.activity_date - date '1900-01-01' as double) / 7) as bigint)
            else year(dates.activity_date) * 12 + month(dates.activity_date)
        end as period_number,
        cast(date_trunc(series.period_type, dates.activity_date) as date) as period_date
    from core.calendar as dates
    cross join series
    where
        series.series < 2
        and dates.activity_date >= $from_date - series.days_at_most
        and cast(date_trunc(series.period_type, dates.activity_date) as date) < $until_date
),

reached as (
    select distinct
        series,
        period_number,
        period_date
    from days
    where period_date >= $from_date
),

users as (
    select distinct user_key
    from core.user_active_day
    where activity_date >= $from_date and activity_date < $until_date + 31
),

dates as materialized (
    select
        4 * cast(user_key as bigint) + case when activity_basis = 'order' then 2 else 0 end as user_code,
        activity_date
    from core.user_active_day
    where
        user_key in (select users.user_key from users)
        and activity_date >= $from_date - 24 * 31 and activity_date < $until_date + 31
),

-- user and series in one number, and the periods as bits, 32 to a row: no join of a user's periods with each other
blocks as (
    select
        dates.user_code + days.series as series_code,
        days.period_number // 32 as block_number,
        bit_or(cast(1 as bigint) << (days.period_number % 32)) as bits
    from dates
    inner join days on dates.activity_date = days.activity_date
    group by series_code, block_number
),

preceded as (
    select
        series_code % 4 as series,
        block_number,
        bits,
        if(
            lag(block_number) over (partition by series_code order by block_number) = block_number - 1,
            lag(bits) over (partition by series_code order by block_number), 0
        ) as earlier_bits
    from blocks
),

places as (
    select unnest(generate_series(0, 31)) as place
),

-- one row of bits for each period that is asked for: its own is bit 31, the one n before it bit 31 - n
period_bits as (
    select
        preceded.series,
        reached.period_date,
        ((preceded.bits & ((cast(2 as bigint) << places.place) - 1)) << (31 - places.place))
        | (preceded.earlier_bits >> (places.place + 1)) as bits,
        count(*) as users_count
    from preceded
    inner join places on ((preceded.bits >> places.place) & 1) = 1
    inner join reached
        on preceded.series % 2 = reached.series and 32 * preceded.block_number + places.place = reached.period_number
    group by all
),

pairs as (
    select
        period_bits.series,
        period_bits.period_date,
        31 - places.place as period_offset,
        sum(period_bits.users_count) as users_count
    from period_bits
    inner join places on ((period_bits.bits >> places.place) & 1) = 1
    group by period_bits.series, period_bits.period_date, period_offset
)

select
    series.activity_basis,
    series.period_type,
    pairs.period_date,
    pairs.period_offset,
    pairs.users_count
from pairs
inner join series on pairs.series = series.series and pairs.period_offset <= series.periods_at_most
