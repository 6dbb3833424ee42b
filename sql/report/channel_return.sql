-- One row per as_of, rule and channel with costs: what the money of the 90 days before as_of brought.
-- Credits as in report.channel_attribution. roas = credited revenue / costs; cac_amount = costs per new customer, by
-- the credit of first orders. A channel that was paid for and has no credit stands with credits of 0.
-- grain: as_of, attribution_rule, channel
-- assert: cost_amount > 0
-- may-be-empty: no marketing costs were stated in the 90 days before as_of
with policy as (
    select 90 as window_days
),

spent as (
    select
        marketing_costs.channel,
        sum(marketing_costs.cost_amount) as cost_amount
    from core.marketing_costs
    cross join policy
    where marketing_costs.cost_date >= $as_of - policy.window_days and marketing_costs.cost_date < $as_of
    group by marketing_costs.channel
    having sum(marketing_costs.cost_amount) > 0
),

credits as (
    select *
    from report.channel_attribution
    where as_of = $as_of
),

rules as (
    select distinct attribution_rule
    from credits
)

select
    $as_of as as_of,
    rules.attribution_rule,
    spent.channel,
    spent.cost_amount,
    coalesce(credits.orders_credit, 0) as orders_credit,
    coalesce(credits.credited_amount, 0) as credited_amount,
    coalesce(credits.new_customers_credit, 0) as new_customers_credit,
    coalesce(credits.credited_amount, 0) / nullif(cast(spent.cost_amount as double), 0) as roas,
    cast(spent.cost_amount as double) / nullif(credits.new_customers_credit, 0) as cac_amount
from spent
cross join rules
left join credits on rules.attribution_rule = credits.attribution_rule and spent.channel = credits.channel
