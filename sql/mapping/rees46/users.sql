-- One user per id, known from the first event in the files on.
-- rows: derived from events
select
    user_id,
    min(try_strptime(event_time, '%Y-%m-%d %H:%M:%S UTC')) as registered_at,
    -- a research data set: nobody was asked; the operator answers for using it
    true as marketing_consent,
    'research_data' as consent_basis
from landing.events
group by user_id
