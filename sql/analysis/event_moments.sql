-- One row per event of business days [$from_date, $until_date): whose it is, when, its kind as a number, its day.
-- Kinds are numbered by their place in $kinds, days are those since 1970-01-01. Users are taken in parts.
select
    user_key,
    epoch_us(occurred_at) as at_us,
    cast(list_position(cast($kinds as varchar[]), event_type) as smallint) as kind_number,
    cast(activity_date - date '1970-01-01' as integer) as day_number
from core.events
where activity_date >= $from_date and activity_date < $until_date and user_key % $parts = $part
