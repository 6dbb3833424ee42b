"""Columns of the report tables."""

from contracts.contract import Column

COLUMNS = (
    Column("month_date", "DATE", "First day of the calendar month."),
    Column(
        "money_date", "DATE", "Day on which money moved: the order's for sales and returns, the refund's for refunds."
    ),
    Column("population", "VARCHAR", "Who is counted: all, identified, guests."),
    Column(
        "net_amount", "DECIMAL(18,4)", "Paid less returns and refunds, refunds on their own day.", unit="base currency"
    ),
    Column(
        "buyers_count",
        "BIGINT",
        "Different users with a paid order; guests have no id and are not counted.",
        unit="count",
    ),
    Column("returns_count", "BIGINT", "Booked returns.", unit="count"),
    Column("average_order_value", "DOUBLE", "Paid amount per order.", unit="base currency"),
    Column("users_count", "BIGINT", "Users.", unit="count"),
    Column("active_users_count", "BIGINT", "Users with an order or an active event.", unit="count"),
    Column("share", "DOUBLE", "Part of the whole.", unit="share"),
    Column("recency_days_mean", "DOUBLE", "Mean of recency_days.", unit="days"),
    Column("orders_mean", "DOUBLE", "Mean of orders_count.", unit="count"),
    Column("net_amount_mean", "DOUBLE", "Mean of net_amount_365d.", unit="base currency"),
    Column("purchase_probability_mean", "DOUBLE", "Mean probability of purchase.", unit="probability"),
)
