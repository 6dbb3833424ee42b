-- One row per channel: marketing money spent in the range, in the base currency.
select
    channel,
    cast(sum(cost_amount) as double) as cost_amount
from core.marketing_costs
where cost_date >= $from_date and cost_date < $until_date
group by channel
order by channel
