"""Columns of what comes in (the six sources and the optional ones) and of the core tables made from them."""

from contracts.contract import Column

COLUMNS = (
    # --- identity -----------------------------------------------------------------------------------------------
    Column("user_id", "VARCHAR", "The shop's own id of a user; empty = guest.", privacy="pseudonymous"),
    Column("anonymous_id", "VARCHAR", "Id of a visitor who is not signed in (cookie, device).", privacy="pseudonymous"),
    Column("target_user_id", "VARCHAR", "The user an action is aimed at (followed, invited).", privacy="pseudonymous"),
    Column("invited_by", "VARCHAR", "user_id of the user whose invitation brought this one.", privacy="pseudonymous"),
    Column(
        "user_key", "INTEGER", "Small integer that stands for a user_id inside the warehouse.", privacy="pseudonymous"
    ),
    Column("target_user_key", "INTEGER", "user_key of target_user_id.", privacy="pseudonymous"),
    Column("product_key", "INTEGER", "Small integer that stands for a product_id inside the warehouse."),
    Column("is_anonymous", "BOOLEAN", "The key stands for a visitor who is not signed in."),
    Column("product_id", "VARCHAR", "The shop's own id of a product."),
    Column("order_id", "VARCHAR", "The shop's own id of an order or of a return."),
    Column("line_number", "INTEGER", "Position of a line in its order, from 1.", unit="count"),
    Column("event_id", "VARCHAR", "The source's id of an event; with activity_date its identity."),
    Column("feedback_id", "VARCHAR", "The source's id of one piece of feedback."),
    Column("content_id", "VARCHAR", "Id of the post, video or live room an event belongs to."),
    Column("session_id", "VARCHAR", "The source's own session id; Trellis cuts sessions itself (30 min gap)."),
    Column("supplier_id", "VARCHAR", "Id of the product's supplier."),
    Column("redemption_id", "VARCHAR", "The source's id of one redemption of a coupon."),
    Column("coupon_id", "VARCHAR", "Coupon used, or a mark on an order that one was used."),
    Column("campaign_id", "VARCHAR", "The shop's own id of a campaign; on an order, of the one it is ascribed to."),
    # --- times --------------------------------------------------------------------------------------------------
    Column("registered_at", "TIMESTAMP", "When the user became known to the shop.", unit="UTC"),
    Column("registered_date", "DATE", "Business date of registered_at."),
    Column("valid_from", "TIMESTAMP", "From when this version of the user's attributes holds.", unit="UTC"),
    Column("valid_from_date", "DATE", "Business date of valid_from; empty = undated, hence never a feature."),
    Column("occurred_at", "TIMESTAMP", "When the event happened.", unit="UTC"),
    Column("activity_date", "DATE", "Business date of an event, or of a day's activity."),
    Column("ordered_at", "TIMESTAMP", "When the order was placed, or the return was booked.", unit="UTC"),
    Column("ordered_date", "DATE", "Business date of ordered_at."),
    Column("promised_at", "TIMESTAMP", "When delivery was promised for, said when ordering.", unit="UTC"),
    Column("promised_date", "DATE", "Business date of promised_at."),
    Column("shipped_at", "TIMESTAMP", "When the parcel left.", unit="UTC", known_at="shipped_date"),
    Column("shipped_date", "DATE", "Business date of shipped_at.", known_at="shipped_date"),
    Column("delivered_at", "TIMESTAMP", "When the parcel arrived.", unit="UTC", known_at="delivered_date"),
    Column("delivered_date", "DATE", "Business date of delivered_at.", known_at="delivered_date"),
    Column("cancelled_at", "TIMESTAMP", "When the order was cancelled.", unit="UTC", known_at="cancelled_date"),
    Column("cancelled_date", "DATE", "Business date of cancelled_at.", known_at="cancelled_date"),
    Column("refunded_at", "TIMESTAMP", "When the line was refunded.", unit="UTC", known_at="refunded_date"),
    Column("refunded_date", "DATE", "Business date of refunded_at.", known_at="refunded_date"),
    Column("created_at", "TIMESTAMP", "When the feedback was given.", unit="UTC"),
    Column("created_date", "DATE", "Business date of created_at."),
    Column("first_response_at", "TIMESTAMP", "First answer of the shop.", unit="UTC", known_at="first_response_date"),
    Column("first_response_date", "DATE", "Business date of first_response_at.", known_at="first_response_date"),
    Column("resolved_at", "TIMESTAMP", "When the matter was settled.", unit="UTC", known_at="resolved_date"),
    Column("resolved_date", "DATE", "Business date of resolved_at.", known_at="resolved_date"),
    Column("contacted_at", "TIMESTAMP", "When the contact was made, or would have been (is_control).", unit="UTC"),
    Column("contacted_date", "DATE", "Business date of contacted_at."),
    Column("redeemed_at", "TIMESTAMP", "When the coupon was handed in.", unit="UTC"),
    Column("redeemed_date", "DATE", "Business date of redeemed_at."),
    Column("first_date", "DATE", "First day of a campaign or promotion; nothing is known of it before."),
    Column("last_date", "DATE", "Last day of a campaign or promotion, said when it begins."),
    Column("updated_at", "TIMESTAMP", "When the source last changed the row; the highest wins.", unit="UTC"),
    Column("rate_date", "DATE", "Business date an exchange rate holds for."),
    # --- users --------------------------------------------------------------------------------------------------
    Column("gender", "VARCHAR", "Gender as the source states it.", privacy="quasi"),
    Column("birth_date", "DATE", "Date of birth.", privacy="quasi"),
    Column("age_band", "VARCHAR", "Age band as the source states it.", privacy="quasi"),
    Column("region", "VARCHAR", "Region or country of the user.", privacy="quasi"),
    Column("city_tier", "VARCHAR", "Tier or class of the user's city or district.", privacy="quasi"),
    Column("occupation", "VARCHAR", "Occupation as the source states it.", privacy="quasi"),
    Column("income_band", "VARCHAR", "Income band as the source states it.", privacy="sensitive"),
    Column("household_size", "VARCHAR", "Persons in the household, as the source states it.", privacy="quasi"),
    Column("acquisition_channel", "VARCHAR", "Channel that brought the user."),
    Column("marketing_consent", "BOOLEAN", "May the user be addressed for marketing; missing = no."),
    Column("consent_basis", "VARCHAR", "On what the consent rests (opt_in, contract, research_data ...)."),
    Column("attributes", "VARCHAR", "Further attributes as a JSON object.", privacy="quasi"),
    # --- products -----------------------------------------------------------------------------------------------
    Column("name", "VARCHAR", "Name of a product."),
    Column("category", "VARCHAR", "Product category."),
    Column("brand", "VARCHAR", "Brand of a product."),
    Column("list_price", "DECIMAL(18,4)", "Price before any discount, per piece.", unit="order currency"),
    Column("unit_cost", "DECIMAL(18,4)", "Cost per piece.", unit="base currency"),
    # --- events -------------------------------------------------------------------------------------------------
    Column("event_type", "VARCHAR", "What happened (view, search, cart, share ...; open vocabulary)."),
    Column("channel", "VARCHAR", "Channel an event or a campaign came through."),
    Column("device", "VARCHAR", "Kind of device."),
    Column("properties", "VARCHAR", "Further properties of the event as a JSON object.", privacy="free_text"),
    # --- orders -------------------------------------------------------------------------------------------------
    Column("kind", "VARCHAR", "Variant of the record: order sale/return, feedback rating/review ..., campaign's."),
    Column("status", "VARCHAR", "Newest known state of an order.", changes=True),
    Column("currency", "VARCHAR", "ISO 4217 code of the order's money."),
    Column(
        "exchange_rate", "DOUBLE", "Base currency per unit of the order's currency on the order's date.", unit="ratio"
    ),
    Column("shipping_fee", "DECIMAL(18,4)", "Shipping the customer was charged.", unit="order currency"),
    Column("carrier", "VARCHAR", "Who delivers."),
    Column("is_paid", "BOOLEAN", "status is paid, shipped, delivered, completed or returned.", changes=True),
    # --- order items --------------------------------------------------------------------------------------------
    Column("quantity", "DECIMAL(18,4)", "Pieces (or weight) of the line; negative on a return.", unit="pieces"),
    Column("unit_price", "DECIMAL(18,4)", "Price asked per piece.", unit="order currency"),
    Column(
        "line_amount", "DECIMAL(18,4)", "The line's total before discount; negative on a return.", unit="order currency"
    ),
    Column("discount", "DECIMAL(18,4)", "Amount taken off the line, not negative on a sale.", unit="order currency"),
    Column(
        "refunded_amount",
        "DECIMAL(18,4)",
        "Amount given back for the line.",
        unit="order currency",
        known_at="refunded_date",
    ),
    Column("gross_amount", "DECIMAL(18,4)", "Sale value before discount (GMV); 0 on returns.", unit="base currency"),
    Column("discount_amount", "DECIMAL(18,4)", "Discount given.", unit="base currency"),
    Column(
        "paid_amount", "DECIMAL(18,4)", "Sale value after discount, before refunds; 0 on returns.", unit="base currency"
    ),
    Column("returned_amount", "DECIMAL(18,4)", "Value of returns booked, as a positive number.", unit="base currency"),
    Column(
        "refund_amount",
        "DECIMAL(18,4)",
        "Refunds on lines, as a positive number.",
        unit="base currency",
        known_at="refunded_date",
    ),
    Column(
        "unpaid_amount",
        "DECIMAL(18,4)",
        "Value after discount of orders not (or no longer) paid: placed, cancelled, unknown.",
        unit="base currency",
    ),
    Column(
        "is_return",
        "BOOLEAN",
        "The line gives back: negative amount, or of no value with negative pieces or on a return.",
    ),
    # --- feedback -----------------------------------------------------------------------------------------------
    Column("score", "DOUBLE", "Score given (rating 1-5, csat 1-5, nps 0-10)."),
    Column("text", "VARCHAR", "What the user wrote.", privacy="free_text"),
    # --- promotions ---------------------------------------------------------------------------------------------
    Column("place", "VARCHAR", "Shop, region or page a promotion stood in; one word where that is everywhere."),
    # --- marketing costs ------------------------------------------------------------------------------------------
    Column("cost_date", "DATE", "Business date on which marketing money was spent."),
    Column("amount", "DECIMAL(18,4)", "Marketing money spent, in the row's currency."),
    Column("cost_amount", "DECIMAL(18,4)", "Marketing money spent.", unit="base currency"),
    # --- exchange rates -----------------------------------------------------------------------------------------
    Column("rate", "DOUBLE", "Base currency per unit of the currency.", unit="ratio"),
)
