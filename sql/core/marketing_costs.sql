-- One row per date, channel and campaign: marketing money spent, in its newest version and in the base currency.
-- grain: cost_date, channel, campaign_id
-- assert: cost_amount >= 0
with newest_version as (
    select *
    from bronze.marketing_costs
    qualify row_number() over (
        partition by cost_date, channel, campaign_id
        order by updated_at desc nulls last, row_hash desc
    ) = 1
),

newest_rate as (
    select *
    from bronze.exchange_rates
    qualify row_number() over (partition by currency, rate_date order by updated_at desc nulls last, row_hash desc) = 1
)

select
    newest_version.cost_date,
    newest_version.channel,
    newest_version.campaign_id,
    -- ingest has refused every row whose currency needs a rate and has none; without one the cents stay exact
    case
        when newest_rate.rate is null then newest_version.amount
        else cast(round(cast(newest_version.amount as double) * newest_rate.rate, 4) as decimal(18, 4))
    end as cost_amount
from newest_version
left join newest_rate
    on
        newest_version.currency = newest_rate.currency
        and newest_version.cost_date = newest_rate.rate_date
