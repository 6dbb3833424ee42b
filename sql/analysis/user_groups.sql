-- One row per user and group of one dimension: channel, region, or the newest persona.
with personas as (
    select
        users.user_key,
        'persona' as dimension,
        coalesce(scored.persona, 'unknown') as dimension_value
    from core.users
    left join score.user_persona as scored
        on
            users.user_id = scored.user_id
            and scored.as_of = (select max(newest.as_of) from score.user_persona as newest)
)

select
    user_key,
    dimension_value
from core.user_group
where dimension = $dimension
union all
select
    user_key,
    dimension_value
from personas
where dimension = $dimension
