-- One order per basket. Times are taken as written, so that every day and month adds up with the export itself;
-- they seem to be UTC, see docs/sources/complete_journey.md for the one line that shifts them.
-- rows: derived from basket lines
-- time_zone: America/New_York
-- currency: USD
select
    basket_id as order_id,
    -- all lines of a basket bear one time and one household
    min(try_cast(transaction_timestamp as timestamp)) as ordered_at,
    min(household_id) as user_id,
    'sale' as kind,
    'completed' as status,
    'USD' as currency,
    -- which coupon was used is not on the line; that one was used is
    case
        when
            max(try_cast(coupon_disc as double)) > 0
            or max(try_cast(coupon_match_disc as double)) > 0
            then 'coupon'
    end as coupon_id
from landing.transactions
group by basket_id
