-- One promotion per product, week and kind (mailer, display, both) that stood in at least 10 of the 112 stores: baskets
-- do not say in which store a promotion was seen. 406,437 of 1,305,554 are left. Weeks begin on Monday.
-- rows: derived from product, store and week
with seen as (
    select
        product_id,
        week,
        case
            when mailer_location <> '0' and display_location <> '0' then 'mailer and display'
            when mailer_location <> '0' then 'mailer'
            else 'display'
        end as kind
    from landing.promotions
)

select
    product_id,
    'stores' as place,
    date '2016-12-26' + cast(floor(7 * (week - 1)) as integer) as first_date,
    kind,
    date '2016-12-26' + cast(floor(7 * (week - 1)) as integer) + 6 as last_date
from seen
group by product_id, week, kind
having count(*) >= 10
