-- Sessions cut at gaps over 30 minutes, as core.sessions: arrays of a user's events, split where a gap is too long.
with sessions_of_users as (
    select
        user_key,
        arraySort(groupArray((toUnixTimestamp64Micro(occurred_at), toInt32(activity_date), event_type))) as visits,
        arraySplit(
            (visit, gap) -> gap > 30 * 60 * 1000000, visits, arrayDifference(arrayMap(visit -> visit.1, visits))
        ) as split,
        arrayMap(session -> session[1].2, split) as start_dates
    from events
    where event_type != 'push_open'
    group by user_key
)

select
    user_key,
    toDate32(start_date) as activity_date,
    number - indexOf(start_dates, start_date) + 1 as session_number,
    fromUnixTimestamp64Micro(kept[1].1, 'UTC') as started_at,
    fromUnixTimestamp64Micro(kept[-1].1, 'UTC') as ended_at,
    intDiv(kept[-1].1 - kept[1].1, 1000000) as duration_s,
    length(kept) as events_count,
    arrayCount(visit -> visit.3 = 'view', kept) as views_count,
    arrayCount(visit -> visit.3 = 'cart', kept) as carts_count,
    arrayExists(visit -> visit.3 = 'purchase', kept) as has_purchase
from (
    select
        user_key,
        start_dates,
        start_date,
        number,
        arrayFilter(visit -> visit.2 <= start_date + 1, session) as kept
    from sessions_of_users
    array join split as session, start_dates as start_date, arrayEnumerate(split) as number
)
