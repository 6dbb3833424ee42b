-- One row per as_of, outcome, horizon and feature (or score): how far it has moved since the model last trained.
-- A population stability index below what the sizes of the two samples alone explain is stable, whatever its value.
-- grain: as_of, outcome, horizon_days, feature
-- assert: psi >= 0
-- may-be-empty: without a trained model there is no baseline
with policy as (
    select
        0.10 as watch_from_psi,
        0.25 as act_from_psi
)

select
    drift.as_of,
    drift.outcome,
    drift.horizon_days,
    drift.feature,
    drift.users_count,
    drift.psi,
    drift.psi_chance,
    case
        when drift.psi < policy.watch_from_psi or drift.psi <= drift.psi_chance then 'stable'
        when drift.psi < policy.act_from_psi then 'watch'
        else 'act'
    end as drift_level
from score.drift
cross join policy
where drift.as_of = $as_of
