-- One row per lapsed user who was worth something and is among the likelier to return: whom to win back.
-- Lapsed = has ordered, but is outside the churn window, hence without churn score. Probability is that of a purchase.
-- grain: user_id, as_of
-- assert: probability between 0 and 1
-- may-be-empty: no user has lapsed yet, or there is no purchase score
with policy as (
    select
        0.50 as worth_from_share,
        0.50 as winnable_from_share,
        0.50 as coupon_buyer_from_share,
        2 as lately_lapsed_horizons
),

lapsed as (
    select
        purchase.user_id,
        purchase.probability,
        purchase.percentile,
        purchase.reason_codes,
        features.net_amount_total,
        features.average_order_amount,
        features.recency_days,
        features.coupon_order_share,
        percent_rank() over (order by features.net_amount_total) as worth_share,
        percent_rank() over (order by purchase.probability) as winnable_share
    from score.user_propensity as purchase
    inner join feature.user_features as features on purchase.user_id = features.user_id and features.as_of = $as_of
    left join score.user_propensity as churn
        on
            purchase.user_id = churn.user_id
            and churn.as_of = $as_of
            and churn.outcome = 'churn'
            and churn.horizon_days = $horizon_days
    where
        purchase.as_of = $as_of
        and purchase.outcome = 'purchase'
        and purchase.horizon_days = $horizon_days
        and features.has_ordered
        and churn.user_id is null
)

select
    lapsed.user_id,
    $as_of as as_of,
    case
        when lapsed.recency_days <= policy.lately_lapsed_horizons * $horizon_days then 'lately_lapsed'
        else 'long_lapsed'
    end as variant,
    lapsed.probability,
    lapsed.percentile,
    lapsed.probability * greatest(coalesce(lapsed.average_order_amount, 0), 0) as value_at_stake,
    case
        when coalesce(lapsed.coupon_order_share, 0) >= policy.coupon_buyer_from_share
            then 'Win-back voucher with a short date'
        when lapsed.recency_days <= policy.lately_lapsed_horizons * $horizon_days
            then 'Reminder of what the user bought, with what goes with it'
        else 'One win-back letter with what is new; stop if unanswered'
    end as recommended_action,
    list_concat(['lapsed_customer', 'worth_winning_back'], lapsed.reason_codes) as reason_codes
from lapsed
cross join policy
where
    lapsed.worth_share >= policy.worth_from_share
    and lapsed.winnable_share >= policy.winnable_from_share
    and lapsed.net_amount_total > 0
