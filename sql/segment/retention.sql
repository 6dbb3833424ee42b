-- One row per valuable user who still buys and is likely to leave: whom to keep.
-- Probability is that of churn in the horizon; the value at stake is what the user spends in such a time.
-- grain: user_id, as_of
-- assert: probability between 0 and 1
-- may-be-empty: nobody is both valuable and likely to leave, or there is no churn score
with policy as (
    select
        4 as valuable_from_monetary_score,
        5 as top_value_from_monetary_score,
        0.30 as let_down_above_late_share,
        0.70 as likely_from_percentile
),

churn as (
    select *
    from score.user_propensity
    where as_of = $as_of and outcome = 'churn' and horizon_days = $horizon_days
)

select
    churn.user_id,
    $as_of as as_of,
    case
        when personas.monetary_score >= policy.top_value_from_monetary_score then 'top_value'
        else 'high_value'
    end as variant,
    churn.probability,
    churn.percentile,
    churn.probability * greatest(features.net_amount_365d, 0) * $horizon_days
    / nullif(least(365.0, greatest(features.tenure_days, $horizon_days)), 0) as value_at_stake,
    case
        when
            features.complaints_count > 0
            or coalesce(features.delivery_late_share, 0) > policy.let_down_above_late_share
            then 'Service call: settle what went wrong, no advertising'
        when personas.monetary_score >= policy.top_value_from_monetary_score
            then 'Personal thank-you and early access to what the user buys most'
        else 'Reminder with news from the categories the user buys'
    end as recommended_action,
    list_concat(['valuable_customer', 'likely_to_leave'], churn.reason_codes) as reason_codes
from churn
inner join feature.user_features as features on churn.user_id = features.user_id and features.as_of = $as_of
inner join score.user_persona as personas on churn.user_id = personas.user_id and personas.as_of = $as_of
cross join policy
where
    personas.monetary_score >= policy.valuable_from_monetary_score
    and churn.percentile >= policy.likely_from_percentile
