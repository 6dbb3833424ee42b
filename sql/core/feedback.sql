-- One row per piece of feedback, in its newest version.
-- grain: feedback_id
select
    feedback_id,
    user_id,
    kind,
    score,
    text,
    order_id,
    product_id,
    created_at,
    created_date,
    first_response_at,
    first_response_date,
    resolved_at,
    resolved_date
from bronze.feedback
qualify row_number() over (partition by feedback_id order by updated_at desc nulls last, row_hash desc) = 1
