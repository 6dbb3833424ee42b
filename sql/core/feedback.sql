-- One row per piece of feedback, in its newest version.
-- grain: feedback_id
-- partition: created_date
with candidates as (
    select *
    from bronze.feedback
    where created_date >= $from_date and created_date < $until_date
    union all
    -- another version may bear another date
    select *
    from bronze.feedback
    where
        not (created_date >= $from_date and created_date < $until_date)
        and feedback_id in (select moved_id from bronze.moved_ids where contract = 'feedback')
),

newest_version as (
    select *
    from candidates
    qualify row_number() over (partition by feedback_id order by updated_at desc nulls last, row_hash desc) = 1
)

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
from newest_version
where created_date >= $from_date and created_date < $until_date
