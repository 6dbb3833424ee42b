-- One row per source contract: what became of every landing row.
-- grain: contract
-- assert: rows_staged = rows_loaded + rows_updated + rows_duplicate + rows_excluded + rows_quarantined
select
    contract,
    sum(rows_staged) as rows_staged,
    sum(rows_loaded) as rows_loaded,
    sum(rows_updated) as rows_updated,
    sum(rows_duplicate) as rows_duplicate,
    sum(rows_excluded) as rows_excluded,
    sum(rows_quarantined) as rows_quarantined
from bronze.row_ledger
group by contract
