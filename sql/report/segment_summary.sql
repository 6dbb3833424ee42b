-- One row per list, variant and as_of: its size, who is held out, and the value at stake.
-- grain: as_of, segment, variant
-- may-be-empty: no list has a member
select
    as_of,
    segment,
    variant,
    count(*) as members_count,
    count(*) filter (where is_control) as control_count,
    round(sum(value_at_stake), 6) as value_at_stake,
    round(avg(probability), 9) as probability
from segment.members
where as_of = $as_of
group by as_of, segment, variant
