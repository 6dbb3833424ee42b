-- One row per group, weekday (1 = Monday) and hour of the shop's clock: active events of signed-in users.
-- Share: events of the group in that hour over all of the group. Hours of a day with a clock change count as they were.
with user_groups as (
    select
        user_key,
        dimension_value
    from core.user_group
    where dimension = $dimension
    union all
    select
        users.user_key,
        coalesce(scored.persona, 'unknown') as dimension_value
    from core.users
    left join score.user_persona as scored
        on
            users.user_id = scored.user_id
            and scored.as_of = (select max(newest.as_of) from score.user_persona as newest)
    where $dimension = 'persona'
)

select
    user_groups.dimension_value,
    isodow(events.activity_date) as weekday_number,
    hour(timezone($time_zone, timezone('UTC', events.occurred_at))) as hour_of_day,
    count(*) as events_count,
    count(distinct events.user_key) as users_count,
    cast(count(*) as double) / nullif(sum(count(*)) over (partition by user_groups.dimension_value), 0) as events_share
from core.events
inner join user_groups on events.user_key = user_groups.user_key
where
    events.event_type <> 'push_open'
    and events.activity_date >= $from_date
    and events.activity_date < $until_date
group by 1, 2, 3
order by 1, 2, 3
