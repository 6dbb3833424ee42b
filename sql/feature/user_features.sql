-- One row per user with an order or event before as_of: everything the models may know of the user then.
-- grain: user_id, as_of
with everyone as (
    select user_id from feature.order_activity where as_of = $as_of
    union
    select user_id from feature.behaviour where as_of = $as_of
)

select
    everyone.user_id,
    $as_of as as_of,
    activity.user_id is not null as has_ordered,
    least(activity.recency_days, behaviour.last_active_days) as last_active_days,
    activity.recency_days,
    activity.tenure_days,
    activity.first_to_last_days,
    coalesce(activity.repeat_days, 0) as repeat_days,
    coalesce(activity.orders_count, 0) as orders_count,
    coalesce(activity.orders_7d, 0) as orders_7d,
    coalesce(activity.orders_28d, 0) as orders_28d,
    coalesce(activity.orders_90d, 0) as orders_90d,
    coalesce(activity.orders_182d, 0) as orders_182d,
    coalesce(activity.orders_365d, 0) as orders_365d,
    coalesce(activity.decayed_orders_14d, 0) as decayed_orders_14d,
    coalesce(activity.decayed_orders_28d, 0) as decayed_orders_28d,
    coalesce(activity.decayed_orders_90d, 0) as decayed_orders_90d,
    coalesce(activity.trend_orders, 0) as trend_orders,
    coalesce(activity.active_weeks_12w, 0) as active_weeks_12w,
    activity.coupon_order_share,
    activity.gap_mean_days,
    activity.gap_std_days,
    activity.gap_median_days,
    activity.gap_last_days,
    activity.gap_ratio,
    coalesce(spend.net_amount_7d, 0) as net_amount_7d,
    coalesce(spend.net_amount_28d, 0) as net_amount_28d,
    coalesce(spend.net_amount_90d, 0) as net_amount_90d,
    coalesce(spend.net_amount_182d, 0) as net_amount_182d,
    coalesce(spend.net_amount_365d, 0) as net_amount_365d,
    coalesce(spend.net_amount_total, 0) as net_amount_total,
    spend.average_order_amount,
    spend.monetary_mean_amount,
    spend.items_per_order,
    coalesce(spend.distinct_products_count, 0) as distinct_products_count,
    coalesce(spend.distinct_categories_count, 0) as distinct_categories_count,
    spend.discount_share,
    spend.return_share,
    voice.rating_mean,
    coalesce(voice.ratings_count, 0) as ratings_count,
    coalesce(voice.complaints_count, 0) as complaints_count,
    voice.cancelled_share,
    voice.delivery_late_share,
    voice.delivery_delay_days_mean,
    behaviour.days_since_event,
    behaviour.sessions_28d,
    behaviour.events_7d,
    behaviour.events_28d,
    behaviour.views_28d,
    behaviour.searches_28d,
    behaviour.carts_28d,
    behaviour.favourites_28d,
    behaviour.shares_28d,
    behaviour.likes_28d
from everyone
left join feature.order_activity as activity on everyone.user_id = activity.user_id and activity.as_of = $as_of
left join feature.spend as spend on everyone.user_id = spend.user_id and spend.as_of = $as_of
left join feature.voice as voice on everyone.user_id = voice.user_id and voice.as_of = $as_of
left join feature.behaviour as behaviour on everyone.user_id = behaviour.user_id and behaviour.as_of = $as_of
