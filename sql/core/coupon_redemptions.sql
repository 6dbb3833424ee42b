-- One row per redeemed coupon, in its newest version.
-- grain: redemption_id
-- partition: redeemed_date
with candidates as (
    select *
    from bronze.coupon_redemptions
    where redeemed_date >= $from_date and redeemed_date < $until_date
    union all
    -- another version may bear another date
    select *
    from bronze.coupon_redemptions
    where
        not (redeemed_date >= $from_date and redeemed_date < $until_date)
        and redemption_id in (select moved_id from bronze.moved_ids where contract = 'coupon_redemptions')
),

newest_version as (
    select *
    from candidates
    qualify row_number() over (partition by redemption_id order by updated_at desc nulls last, row_hash desc) = 1
)

select
    redemption_id,
    user_id,
    coupon_id,
    campaign_id,
    order_id,
    redeemed_date
from newest_version
where redeemed_date >= $from_date and redeemed_date < $until_date
