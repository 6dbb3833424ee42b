"""Columns of rollups, features and labels. The window stands behind the measure: orders_28d = in the 28 days before as_of.

An order counts in features if it was placed before as_of and not known to be cancelled then; whether it is paid today is
not looked at, because a status has no date. Labels and reports look back and count paid orders.
"""

from contracts.contract import Column


def _windows(measure: str, column_type: str, description: str, days: tuple[int, ...], unit: str) -> tuple[Column, ...]:
    return tuple(
        Column(f"{measure}_{n}d", column_type, f"{description} in the {n} days before as_of.", unit=unit) for n in days
    )


COLUMNS = (
    Column("as_of", "DATE", "Business date, exclusive: only what happened before it is known."),
    Column("horizon_days", "INTEGER", "Length of the window that begins at as_of.", unit="days"),
    # --- rollups ------------------------------------------------------------------------------------------------
    Column("events_count", "BIGINT", "Events.", unit="count"),
    Column("views_count", "BIGINT", "Events of type view.", unit="count"),
    Column("searches_count", "BIGINT", "Events of type search.", unit="count"),
    Column("carts_count", "BIGINT", "Events of type cart.", unit="count"),
    Column("favourites_count", "BIGINT", "Events of type favourite.", unit="count"),
    Column("shares_count", "BIGINT", "Events of type share or invite.", unit="count"),
    Column("likes_count", "BIGINT", "Events of type like, comment or follow.", unit="count"),
    Column("passive_events_count", "BIGINT", "Events that are not activity (push_open).", unit="count"),
    Column(
        "session_number", "INTEGER", "Number of the session among those of the user that start that day.", unit="count"
    ),
    Column("started_at", "TIMESTAMP", "First event of the session.", unit="UTC"),
    Column("ended_at", "TIMESTAMP", "Last event of the session.", unit="UTC"),
    Column("duration_s", "BIGINT", "From the first to the last event of a session.", unit="seconds"),
    Column("has_purchase", "BOOLEAN", "The session holds an event of type purchase."),
    Column(
        "entry_channel",
        "VARCHAR",
        "Channel of a session's first event; `direct` where none is stated, the first by name where several tie.",
    ),
    # --- features: recency, frequency, value -----------------------------------------------------------------------
    Column("recency_days", "INTEGER", "Days from the last order to as_of.", unit="days"),
    Column("tenure_days", "INTEGER", "Days from the first order to as_of (T of the CLV models).", unit="days"),
    Column(
        "first_to_last_days", "INTEGER", "Days from the first to the last order (t_x of the CLV models).", unit="days"
    ),
    Column(
        "repeat_days", "INTEGER", "Days with an order after the first such day (x of the CLV models).", unit="count"
    ),
    Column("orders_count", "BIGINT", "Orders: in features all before as_of, in reports the paid ones.", unit="count"),
    *_windows("orders", "BIGINT", "Orders", (7, 28, 90, 182, 365), "count"),
    *_windows(
        "net_amount", "DOUBLE", "Net spend (paid less returns and refunds)", (7, 28, 90, 182, 365), "base currency"
    ),
    Column("net_amount_total", "DOUBLE", "Net spend before as_of.", unit="base currency"),
    Column(
        "average_order_amount",
        "DOUBLE",
        "Amount after discount per order of the user before as_of.",
        unit="base currency",
    ),
    Column("monetary_mean_amount", "DOUBLE", "Mean spend of repeat days (m of the CLV models).", unit="base currency"),
    Column("items_per_order", "DOUBLE", "Lines per order.", unit="count"),
    Column("distinct_products_count", "BIGINT", "Different products bought.", unit="count"),
    Column("distinct_categories_count", "BIGINT", "Different categories bought.", unit="count"),
    # --- features: gaps and trend ---------------------------------------------------------------------------------
    Column("gap_mean_days", "DOUBLE", "Mean days between order days.", unit="days"),
    Column("gap_std_days", "DOUBLE", "Standard deviation of the days between order days.", unit="days"),
    Column("gap_median_days", "DOUBLE", "Median days between order days.", unit="days"),
    Column("gap_last_days", "INTEGER", "Days between the last two order days.", unit="days"),
    Column("gap_ratio", "DOUBLE", "recency_days over gap_mean_days: above 1 = later than usual.", unit="ratio"),
    *_windows("decayed_orders", "DOUBLE", "Orders, each halved per this many days of age; all", (14, 28, 90), "count"),
    Column("trend_orders", "BIGINT", "orders_28d less the orders of the 28 days before those.", unit="count"),
    Column("active_weeks_12w", "BIGINT", "Weeks with an order among the last 12.", unit="count"),
    # --- features: discount, returns, voice, delivery -----------------------------------------------------------------
    Column("discount_share", "DOUBLE", "Discount over gross of orders.", unit="share"),
    *_windows("discount_share", "DOUBLE", "Discount over gross of orders", (90,), "share"),
    *_windows("promoted_share", "DOUBLE", "Share of lines whose product was in a promotion that day", (90,), "share"),
    Column("coupon_order_share", "DOUBLE", "Share of orders with a coupon.", unit="share"),
    Column("return_share", "DOUBLE", "Returns and refunds over paid amount.", unit="share"),
    Column("cancelled_share", "DOUBLE", "Share of orders known to be cancelled.", unit="share"),
    Column("rating_mean", "DOUBLE", "Mean score of ratings and reviews."),
    Column("ratings_count", "BIGINT", "Ratings and reviews given.", unit="count"),
    Column("complaints_count", "BIGINT", "Complaints made.", unit="count"),
    Column(
        "delivery_late_share", "DOUBLE", "Share of delivered orders that came after the promised date.", unit="share"
    ),
    Column(
        "delivery_delay_days_mean", "DOUBLE", "Mean days of delivery after the promise (early = negative).", unit="days"
    ),
    Column("open_complaints_count", "BIGINT", "Complaints made and not settled.", unit="count"),
    *_windows(
        "decayed_grievances",
        "DOUBLE",
        "Complaints and ratings of at most 2, each halved per this many days of age; all",
        (28,),
        "count",
    ),
    *_windows(
        "decayed_delay_days",
        "DOUBLE",
        "Days late of deliveries (at most 10 each), halved per this many days of age; all",
        (28,),
        "days",
    ),
    # --- features: behaviour --------------------------------------------------------------------------------------
    *_windows("sessions", "BIGINT", "Sessions", (28,), "count"),
    *_windows("events", "BIGINT", "Events", (7, 28), "count"),
    *_windows("views", "BIGINT", "Events of type view", (28,), "count"),
    *_windows("searches", "BIGINT", "Events of type search", (28,), "count"),
    *_windows("carts", "BIGINT", "Events of type cart", (28,), "count"),
    *_windows("favourites", "BIGINT", "Events of type favourite", (28,), "count"),
    *_windows("shares", "BIGINT", "Events of type share or invite", (28,), "count"),
    *_windows("likes", "BIGINT", "Events of type like, comment or follow", (28,), "count"),
    Column("first_active_days", "INTEGER", "Days from the first active event to as_of.", unit="days"),
    Column("active_days_count", "BIGINT", "Days with an active event before as_of.", unit="count"),
    *_windows("active_days", "BIGINT", "Days with an active event", (7, 28, 90), "count"),
    *_windows(
        "decayed_active_days",
        "DOUBLE",
        "Days with an active event, each halved per this many days of age; all",
        (7, 28, 90),
        "count",
    ),
    Column("active_gap_mean_days", "DOUBLE", "Mean days from one active day to the next.", unit="days"),
    Column(
        "missed_active_days",
        "DOUBLE",
        "Active days that the rate so far would have brought since the last.",
        unit="days",
    ),
    *_windows(
        "decayed_wishes",
        "DOUBLE",
        "Cart and favourite events, each halved per this many days of age; all",
        (7,),
        "count",
    ),
    *_windows("decayed_events", "DOUBLE", "Active events, each halved per this many days of age; all", (7,), "count"),
    Column("days_since_event", "INTEGER", "Days from the last event to as_of.", unit="days"),
    # --- features: campaigns and coupons, counted back from known_until_date --------------------------------------------
    Column(
        "known_until_date", "DATE", "The campaign's first day, or as_of where it is planned: nothing later is known."
    ),
    Column("campaign_days", "BIGINT", "Days the campaign runs.", unit="days"),
    Column("coupons_count", "BIGINT", "Different coupons of the campaign.", unit="count"),
    Column("offered_products_count", "BIGINT", "Different products the campaign's coupons are for.", unit="count"),
    Column("contacts_count", "BIGINT", "Earlier campaigns that contacted the user.", unit="count"),
    Column("open_campaigns_count", "BIGINT", "Campaigns that contacted the user and still run.", unit="count"),
    Column("redemptions_count", "BIGINT", "Coupons redeemed.", unit="count"),
    Column("redeemed_campaigns_count", "BIGINT", "Campaigns of which a coupon was redeemed.", unit="count"),
    Column("days_since_redemption", "BIGINT", "Days since the last redeemed coupon.", unit="days"),
    Column("coupon_orders_count", "BIGINT", "Orders with a coupon.", unit="count"),
    *_windows("coupon_orders", "BIGINT", "Orders with a coupon", (90,), "count"),
    Column("days_since_coupon_order", "BIGINT", "Days since the last order with a coupon.", unit="days"),
    Column("bought_amount", "DOUBLE", "Amount after discount of orders, before returns.", unit="base currency"),
    *_windows("bought_amount", "DOUBLE", "Amount after discount of orders, before returns,", (90,), "base currency"),
    Column("offered_lines_count", "BIGINT", "Lines with a product the campaign's coupons are for.", unit="count"),
    Column("offered_orders_count", "BIGINT", "Orders with a product the campaign's coupons are for.", unit="count"),
    Column("offered_amount", "DOUBLE", "Spent on products the campaign's coupons are for.", unit="base currency"),
    Column("offered_share", "DOUBLE", "offered_amount over bought_amount.", unit="share"),
    # --- features: who ----------------------------------------------------------------------------------------------
    Column("has_ordered", "BOOLEAN", "At least one order before as_of."),
    Column("last_active_days", "INTEGER", "Days from the last order or active event to as_of.", unit="days"),
    # --- labels -----------------------------------------------------------------------------------------------------
    Column("has_purchased", "BOOLEAN", "A paid order in [as_of, as_of + horizon)."),
    Column("has_churned", "BOOLEAN", "No activity in [as_of, as_of + horizon)."),
    Column("has_redeemed", "BOOLEAN", "A coupon of the campaign was redeemed on one of its days."),
    Column("future_orders_count", "BIGINT", "Paid orders in [as_of, as_of + horizon).", unit="count"),
    Column("future_net_amount", "DOUBLE", "Net spend in [as_of, as_of + horizon).", unit="base currency"),
)
