-- One user per customer number. Country is undated, so it is kept but never a feature.
-- rows: derived from invoice lines
-- file: lines = online_retail*
-- total-order: all lines of an invoice bear one country
select
    CustomerID as user_id,
    min(InvoiceDate) as registered_at,
    -- eight customers have two countries: the one of the latest invoice
    arg_max(Country, strftime(try_cast(InvoiceDate as timestamp), '%Y-%m-%d %H:%M') || InvoiceNo) as region,
    -- a research data set: nobody was asked; the operator answers for using it
    true as marketing_consent,
    'research_data' as consent_basis
from landing.lines
where CustomerID is not null
group by CustomerID
