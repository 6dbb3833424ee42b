-- One rate per date and currency, for shops that sell in more than one.
-- rows: all
-- optional: updated_at
select
    _row,
    rate_date,
    currency,
    rate,
    updated_at
from landing.exchange_rates
