-- One row per cluster and as_of: how many users it holds and what they are like.
-- grain: as_of, cluster_id
-- may-be-empty: without orders there are no clusters
select
    clusters.as_of,
    clusters.cluster_id,
    clusters.cluster_name_en,
    clusters.cluster_name_zh,
    count(*) as users_count,
    cast(count(*) as double) / nullif(sum(count(*)) over (), 0) as share,
    avg(features.recency_days) as recency_days_mean,
    avg(features.orders_count) as orders_mean,
    round(avg(features.net_amount_365d), 6) as net_amount_mean
from score.user_cluster as clusters
inner join feature.user_features as features on clusters.user_id = features.user_id and features.as_of = $as_of
where clusters.as_of = $as_of
group by clusters.as_of, clusters.cluster_id, clusters.cluster_name_en, clusters.cluster_name_zh
