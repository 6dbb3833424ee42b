-- One row per lapsed user who was worth something and is among the likelier to return: whom to win back.
-- Lapsed = has ordered, but was not active in the churn window: whoever has a reactivation score. Probability is that
-- of a purchase in the horizon, percentile its rank among the lapsed.
-- grain: user_id, as_of
-- assert: probability between 0 and 1
-- may-be-empty: no user has lapsed yet, or there is no reactivation score
with policy as (
    select
        0.50 as worth_from_share,
        0.50 as winnable_from_share,
        0.50 as coupon_buyer_from_share,
        2 as lately_lapsed_horizons
),

lapsed as (
    select
        reactivation.user_id,
        reactivation.probability,
        reactivation.percentile,
        reactivation.reason_codes,
        features.net_amount_total,
        features.average_order_amount,
        features.recency_days,
        features.coupon_order_share,
        percent_rank() over (order by features.net_amount_total) as worth_share,
        percent_rank() over (order by reactivation.probability) as winnable_share
    from score.user_propensity as reactivation
    inner join feature.user_features as features on reactivation.user_id = features.user_id and features.as_of = $as_of
    where
        reactivation.as_of = $as_of
        and reactivation.outcome = 'reactivation'
        and reactivation.horizon_days = $horizon_days
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
