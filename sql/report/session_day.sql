-- One row per day: sessions that start that day, how long they are and how many hold a purchase.
-- Sessions of users and visitors, cut at gaps over 30 minutes. Duration: first to last event, so one event is 0 s.
-- bounce = a session of one event. Denominator of the shares: sessions.
-- grain: activity_date
-- partition: activity_date
-- lookback: 1
-- assert: bounces_count <= sessions_count
select
    activity_date,
    count(*) as sessions_count,
    count(distinct user_key) as session_users_count,
    sum(events_count) as events_count,
    count(*) filter (where events_count = 1) as bounces_count,
    count(*) filter (where has_purchase) as purchase_sessions_count,
    cast(sum(duration_s) as double) / nullif(count(*), 0) as duration_mean_s,
    quantile_cont(duration_s, 0.5) as duration_median_s,
    cast(count(*) filter (where has_purchase) as double) / nullif(count(*), 0) as purchase_session_share
from core.sessions
where activity_date >= $from_date and activity_date < $until_date
group by activity_date
