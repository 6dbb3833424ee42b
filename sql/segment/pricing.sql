-- One row per user whose past orders show how price moves the user: coupon-dependent, price-sensitive or full-price.
-- For choosing content and service only: a personal price is a forbidden use.
-- Where the shop never gave a discount, no list.
-- grain: user_id, as_of
-- may-be-empty: the source has no discounts and no coupons, or too few repeat buyers
with policy as (
    select
        2 as orders_at_least,
        0.60 as coupon_dependent_from_share,
        0.75 as price_sensitive_from_rank,
        0.02 as full_price_to_discount_share
),

repeat_buyers as (
    select
        user_id,
        orders_count,
        net_amount_365d,
        tenure_days,
        coalesce(discount_share, 0) as discount_share,
        coalesce(coupon_order_share, 0) as coupon_order_share,
        percent_rank() over (order by coalesce(discount_share, 0)) as discount_rank,
        max(greatest(coalesce(discount_share, 0), coalesce(coupon_order_share, 0))) over () > 0 as shop_discounts
    from feature.user_features
    cross join policy
    where as_of = $as_of and orders_count >= policy.orders_at_least
),

sorted as (
    select
        repeat_buyers.*,
        case
            when repeat_buyers.coupon_order_share >= policy.coupon_dependent_from_share then 'coupon_dependent'
            when
                repeat_buyers.discount_rank >= policy.price_sensitive_from_rank
                and repeat_buyers.discount_share > policy.full_price_to_discount_share
                then 'price_sensitive'
            when
                repeat_buyers.discount_share <= policy.full_price_to_discount_share
                and repeat_buyers.coupon_order_share = 0
                then 'full_price'
        end as variant
    from repeat_buyers
    cross join policy
    where repeat_buyers.shop_discounts
)

select
    sorted.user_id,
    $as_of as as_of,
    sorted.variant,
    purchase.probability,
    purchase.percentile,
    coalesce(purchase.probability, 0) * greatest(sorted.net_amount_365d, 0) * $horizon_days
    / nullif(least(365.0, greatest(sorted.tenure_days, $horizon_days)), 0) as value_at_stake,
    case sorted.variant
        when 'coupon_dependent' then 'Test a smaller coupon against none; never raise it unasked'
        when 'price_sensitive' then 'Tell of general promotions early; no surcharge, no personal price'
        else 'No coupon: show what is new and offer early access'
    end as recommended_action,
    [sorted.variant] as reason_codes
from sorted
left join score.user_propensity as purchase
    on
        sorted.user_id = purchase.user_id
        and purchase.as_of = $as_of
        and purchase.outcome = 'purchase'
        and purchase.horizon_days = $horizon_days
where sorted.variant is not null
