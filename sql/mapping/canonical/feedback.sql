-- One piece of feedback or newer version of one per row of feedback.*, in the contract's own columns.
-- rows: all
-- optional: score, text, order_id, product_id, first_response_at, resolved_at, updated_at
select
    _row,
    feedback_id,
    user_id,
    created_at,
    kind,
    score,
    text,
    order_id,
    product_id,
    first_response_at,
    resolved_at,
    updated_at
from landing.feedback
