-- One row per contract and reason: landing rows that were left out or refused, and why.
-- grain: contract, kind, reason
-- may-be-empty: no row was left out or refused
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
