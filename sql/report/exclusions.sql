-- One row per contract, kind and reason: landing rows that were left out or refused, or wait for their order, and why.
-- grain: contract, kind, reason
-- may-be-empty: no row was left out or refused, and none waits
select
    contract,
    'excluded' as kind,
    reason,
    sum(rows_count) as rows_count
from bronze.exclusions
group by contract, reason
union all
select
    contract,
    'quarantined' as kind,
    reason,
    count(*) as rows_count
from bronze.quarantine
group by contract, reason
union all
select
    'order_items' as contract,
    'waiting' as kind,
    'its order is not there yet' as reason,
    count(*) as rows_count
from bronze.order_items
where order_id not in (select order_id from core.orders)
having count(*) > 0
