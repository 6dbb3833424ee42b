-- One row per channel and month of acquisition: what new users cost, what they have brought, when that paid back.
-- Costs: of the month and channel. Users: whose first activity in the data lies in the month, by acquisition channel.
-- Net revenue so far as in report.cohort_value, over all users of the cohort. cac_amount = costs / users. Payback:
-- first day since acquisition on which net revenue per user reaches it (revenue, not margin); a month is 30.4375 days.
-- Cohorts of fewer than 10 users stand with their costs alone. Complete: the month was over when the data ended.
-- grain: channel, cohort_date
-- assert: payback_days >= 0
-- may-be-empty: no marketing costs are stated
with policy as (
    select
        10 as users_at_least,
        cast(30.4375 as double) as days_per_month
),

spent as (
    select
        channel,
        cast(date_trunc('month', cost_date) as date) as cohort_date,
        sum(cost_amount) as cost_amount
    from core.marketing_costs
    group by all
),

days as (
    select
        cohort_value.dimension_value as channel,
        cohort_value.cohort_date,
        cohort_value.cohort_users_count,
        cohort_value.days_since_first,
        cohort_value.net_amount,
        cohort_value.net_amount_per_user
    from report.cohort_value
    cross join policy
    where cohort_value.dimension = 'channel' and cohort_value.cohort_users_count >= policy.users_at_least
),

newest as (
    select *
    from days
    qualify row_number() over (partition by channel, cohort_date order by days_since_first desc) = 1
),

paid_back as (
    select
        days.channel,
        days.cohort_date,
        min(days.days_since_first) as payback_days
    from days
    inner join spent on days.channel = spent.channel and days.cohort_date = spent.cohort_date
    where days.net_amount_per_user >= cast(spent.cost_amount as double) / nullif(days.cohort_users_count, 0)
    group by days.channel, days.cohort_date
)

select
    spent.channel,
    spent.cohort_date,
    spent.cost_amount,
    newest.cohort_users_count,
    cast(spent.cost_amount as double) / nullif(newest.cohort_users_count, 0) as cac_amount,
    newest.net_amount,
    newest.net_amount_per_user,
    cast(newest.net_amount as double) / nullif(cast(spent.cost_amount as double), 0) as roas,
    paid_back.payback_days,
    paid_back.payback_days / nullif(policy.days_per_month, 0) as payback_months,
    coalesce(months.is_complete, false) as is_complete
from spent
cross join policy
left join newest on spent.channel = newest.channel and spent.cohort_date = newest.cohort_date
left join paid_back on spent.channel = paid_back.channel and spent.cohort_date = paid_back.cohort_date
left join core.period as months on months.period_type = 'month' and spent.cohort_date = months.period_date
