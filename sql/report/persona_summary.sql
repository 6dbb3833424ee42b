-- One row per persona and as_of: how many users, what they spent, and how likely they are to buy next.
-- grain: as_of, persona
-- may-be-empty: without orders there are no personas
select
    personas.as_of,
    personas.persona,
    personas.persona_name_en,
    personas.persona_name_zh,
    count(*) as users_count,
    cast(count(*) as double) / nullif(sum(count(*)) over (), 0) as share,
    avg(features.recency_days) as recency_days_mean,
    avg(features.orders_count) as orders_mean,
    round(avg(features.net_amount_365d), 6) as net_amount_mean,
    round(avg(purchase.probability), 9) as purchase_probability_mean
from score.user_persona as personas
inner join feature.user_features as features on personas.user_id = features.user_id and features.as_of = $as_of
left join score.user_propensity as purchase
    on
        personas.user_id = purchase.user_id
        and purchase.as_of = $as_of
        and purchase.outcome = 'purchase'
        and purchase.horizon_days = $horizon_days
where personas.as_of = $as_of
group by personas.as_of, personas.persona, personas.persona_name_en, personas.persona_name_zh
