"""Columns of the behaviour reports: active users, retention, funnels, paths, attribution, association, rhythm, profiles."""

from contracts.contract import Column

COLUMNS = (
    # --- active users -------------------------------------------------------------------------------------------
    Column(
        "activity_basis",
        "VARCHAR",
        "What counts as activity: activity (an event but push_open, or an order), order (paid).",
    ),
    Column("first_activity_date", "DATE", "First day with an active user."),
    Column("last_activity_date", "DATE", "Last day with an active user."),
    Column("next_activity_date", "DATE", "The next day the same users were active; null when not again so far."),
    Column(
        "previous_activity_date", "DATE", "The day before on which the same users were active; null on their first."
    ),
    Column("period_type", "VARCHAR", "Length of a period: day, week (from Monday), month."),
    Column("period_date", "DATE", "First day of the period."),
    Column(
        "is_complete", "BOOLEAN", "The whole window was seen; otherwise the row is still open and left out of means."
    ),
    Column("active_users_7d", "BIGINT", "Users active in the 7 days that end with the day.", unit="count"),
    Column("active_users_30d", "BIGINT", "Users active in the 30 days that end with the day.", unit="count"),
    Column("stickiness", "DOUBLE", "Users active that day over those of the trailing 30 days.", unit="share"),
    Column("engagement_state", "VARCHAR", "State of a user on a day: new, current, reactivated ... dormant."),
    Column("engaged_within_days", "INTEGER", "First limit of the engagement states.", unit="days"),
    Column("lapsed_after_days", "INTEGER", "Second limit of the engagement states.", unit="days"),
    Column("new_users_count", "BIGINT", "Users active for the first time ever in the data.", unit="count"),
    Column("returning_users_count", "BIGINT", "Users active in this period and the one before.", unit="count"),
    Column("resurrecting_users_count", "BIGINT", "Users active again after a period without.", unit="count"),
    Column("dormant_users_count", "BIGINT", "Users active in the period before and not in this one.", unit="count"),
    Column("previous_active_users_count", "BIGINT", "Users active in the period before.", unit="count"),
    Column("quick_ratio", "DOUBLE", "New and resurrecting users over dormant ones.", unit="ratio"),
    Column("active_days", "BIGINT", "Different days of the period with activity.", unit="days"),
    # --- retention ----------------------------------------------------------------------------------------------
    Column("period_number", "BIGINT", "Number of a period among those of its type, without gaps.", unit="count"),
    Column("cohort_number", "BIGINT", "Number of the period of a user's first activity.", unit="count"),
    Column(
        "last_offset",
        "BIGINT",
        "Periods from the first activity to the last one, cut after the last one kept.",
        unit="count",
    ),
    Column("presence", "BIGINT", "Bits: n is set when the user was active in period n since the first."),
    Column("dimension", "VARCHAR", "What users are broken down by: all (not at all), channel, region, persona ..."),
    Column("dimension_value", "VARCHAR", "Group of the dimension; unknown where nothing is stated."),
    Column("cohort_date", "DATE", "First day of the period that made the cohort."),
    Column("period_offset", "BIGINT", "Periods since the cohort's own, which is 0.", unit="count"),
    Column("cohorts_count", "BIGINT", "Cohorts in the mean.", unit="count"),
    Column("cohort_users_count", "BIGINT", "Users of the cohort: the denominator.", unit="count"),
    Column("on_users_count", "BIGINT", "Users of the cohort active in the period.", unit="count"),
    Column("on_or_after_users_count", "BIGINT", "Users of the cohort active in the period or later.", unit="count"),
    Column(
        "streak_users_count",
        "BIGINT",
        "Users of the cohort active in every period since, up to this one.",
        unit="count",
    ),
    Column("on_share", "DOUBLE", "Users active in the period over users of the cohort.", unit="share"),
    Column("on_share_low", "DOUBLE", "Lower end of the 95 % Wilson interval of on_share.", unit="share"),
    Column("on_share_high", "DOUBLE", "Upper end of the 95 % Wilson interval of on_share.", unit="share"),
    Column("days_since_first", "BIGINT", "Days since the user's first activity in the data.", unit="days"),
    Column("net_amount_per_user", "DOUBLE", "Net revenue over all users of the cohort.", unit="base currency"),
    # --- funnels --------------------------------------------------------------------------------------------------
    Column("funnel", "VARCHAR", "Name of a declared funnel."),
    Column("funnel_definition", "VARCHAR", "What the funnel counts: steps, order, window, entries, population."),
    Column("step_number", "INTEGER", "Place of the step in its funnel, from 1."),
    Column("step_name", "VARCHAR", "Event types of the step, with its filters."),
    Column("first_share", "DOUBLE", "Users who reached the step over users with an entry.", unit="share"),
    Column("first_share_low", "DOUBLE", "Lower end of the 95 % Wilson interval of first_share.", unit="share"),
    Column("first_share_high", "DOUBLE", "Upper end of the 95 % Wilson interval of first_share.", unit="share"),
    Column(
        "previous_share", "DOUBLE", "Users who reached the step over users who reached the one before.", unit="share"
    ),
    Column("convert_p25_s", "DOUBLE", "A quarter of the users took at most this from entry to step.", unit="seconds"),
    Column("convert_median_s", "DOUBLE", "Half of the users took at most this from entry to step.", unit="seconds"),
    Column("convert_p75_s", "DOUBLE", "Three quarters took at most this from entry to step.", unit="seconds"),
    # --- sessions and paths ---------------------------------------------------------------------------------------
    Column("sessions_count", "BIGINT", "Sessions that start that day.", unit="count"),
    Column("from_event", "VARCHAR", "Type of the earlier event; (start) before the first of a session."),
    Column("to_event", "VARCHAR", "Type of the event that follows; (end) after the last of a session."),
    Column("transitions_count", "BIGINT", "How often the two follow each other in a session.", unit="count"),
    Column("session_users_count", "BIGINT", "Users and visitors with a session.", unit="count"),
    Column("bounces_count", "BIGINT", "Sessions of one event.", unit="count"),
    Column("purchase_sessions_count", "BIGINT", "Sessions with an event of type purchase.", unit="count"),
    Column("duration_mean_s", "DOUBLE", "Mean seconds from the first to the last event of a session.", unit="seconds"),
    Column(
        "duration_median_s", "DOUBLE", "Median seconds from the first to the last event of a session.", unit="seconds"
    ),
    Column("purchase_session_share", "DOUBLE", "Sessions with a purchase over all sessions.", unit="share"),
    # --- attribution ----------------------------------------------------------------------------------------------
    Column("touched_at", "TIMESTAMP", "When a session began, a push was opened or the user registered.", unit="UTC"),
    Column("order_number", "BIGINT", "Place of an order among the user's paid ones in the data, from 1.", unit="count"),
    Column(
        "attribution_rule", "VARCHAR", "How credit is shared: first, last, linear, position, time_decay, shapley ..."
    ),
    Column("orders_credit", "DOUBLE", "Paid orders credited; parts of an order may go to several.", unit="count"),
    Column("credited_amount", "DOUBLE", "What credited orders were paid, before refunds.", unit="base currency"),
    Column("new_customers_credit", "DOUBLE", "First paid orders of buyers credited.", unit="count"),
    Column("roas", "DOUBLE", "Revenue credited or brought, over what was spent on it.", unit="ratio"),
    Column("cac_amount", "DOUBLE", "Marketing money per customer or user acquired.", unit="base currency"),
    Column("payback_days", "BIGINT", "Days until net revenue per user reaches its cost; empty: not yet.", unit="days"),
    Column("payback_months", "DOUBLE", "payback_days in months of 30.4375 days.", unit="months"),
    # --- rhythm ---------------------------------------------------------------------------------------------------
    Column("weekday_number", "BIGINT", "Weekday, from 1 = Monday to 7 = Sunday."),
    Column("hour_of_day", "BIGINT", "Hour of the shop's clock, 0 to 23."),
    Column("events_share", "DOUBLE", "Active events of the hour over all of the group.", unit="share"),
    Column("hour_rank", "BIGINT", "Place of the hour of the week among those of the group, 1 = most events."),
    # --- association ----------------------------------------------------------------------------------------------
    Column("pair_basis", "VARCHAR", "Where two products go together: order (bought), view (viewed in a session)."),
    Column("other_product_id", "VARCHAR", "The product that goes with product_id."),
    Column("together_count", "BIGINT", "Orders or sessions with both products.", unit="count"),
    Column("people_count", "BIGINT", "Different people with both products; each guest is one.", unit="count"),
    Column("product_count", "BIGINT", "Orders or sessions with product_id.", unit="count"),
    Column("other_product_count", "BIGINT", "Orders or sessions with other_product_id.", unit="count"),
    Column("baskets_count", "BIGINT", "Orders or sessions in all.", unit="count"),
    Column("support_share", "DOUBLE", "Orders or sessions with both over all.", unit="share"),
    Column("confidence", "DOUBLE", "Orders or sessions with both over those with product_id.", unit="share"),
    Column("lift", "DOUBLE", "Confidence over the share of the other product.", unit="ratio"),
    Column("leverage", "DOUBLE", "Support less what chance alone would give."),
)
