-- One review per survey and order: some surveys cover several orders. A review is given when the survey is answered;
-- review_creation_date is only when the survey was sent.
-- rows: all
-- file: reviews = olist_order_reviews_dataset*
-- file: orders = olist_orders_dataset*
-- file: customers = olist_customers_dataset*
-- lookup: orders
-- lookup: customers
select
    reviews._row,
    reviews.review_id || '-' || reviews.order_id as feedback_id,
    customers.customer_unique_id as user_id,
    reviews.review_answer_timestamp as created_at,
    case
        when reviews.review_comment_title is null and reviews.review_comment_message is null then 'rating'
        else 'review'
    end as kind,
    reviews.review_score as score,
    concat_ws(': ', trim(reviews.review_comment_title), trim(reviews.review_comment_message)) as text,
    reviews.order_id
from landing.reviews
left join landing.orders on reviews.order_id = orders.order_id
left join landing.customers on orders.customer_id = customers.customer_id
