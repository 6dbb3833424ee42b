"""What may come in: one contract per source table, with its key, required columns and rules.

A rule here is about a single row. How files are read, typed and counted lives in `assets/landing/` and
`assets/ingest/`; what the columns mean lives in `contracts/columns/source.py`.
"""

from contracts.contract import Rule, SourceContract

ORDER_STATUSES = ("placed", "paid", "shipped", "delivered", "completed", "cancelled", "returned", "unknown")
FEEDBACK_KINDS = ("rating", "review", "complaint", "suggestion", "csat", "nps")
DIRECT_IDENTIFIERS = (
    "name", "full_name", "fullname", "first_name", "last_name", "surname", "customer_name", "user_name", "username",
    "nickname", "real_name", "phone", "phone_number", "mobile", "mobile_number", "telephone", "tel", "email", "e_mail",
    "email_address", "mail", "address", "street", "street_address", "shipping_address", "billing_address", "id_card",
    "id_number", "passport", "wechat", "weixin", "qq",
    "姓名", "手机", "手机号", "电话", "邮箱", "地址", "收货地址", "收货人", "身份证", "身份证号", "微信", "微信号",
)  # fmt: skip
"""Names under which exports carry direct identifiers of people; compared lower-case with spaces and dashes as `_`."""


def _one_of(column: str, values: tuple[str, ...]) -> Rule:
    listed = ", ".join(f"'{value}'" for value in values)
    return Rule(f"{column}_known", f"{column} in ({listed})", f"{column} is not one of {', '.join(values)}")


def _not_in_the_future(column: str) -> Rule:
    return Rule(
        f"{column}_not_in_future", f"{column} <= $received_at", f"{column} lies after the time the file was read"
    )


def _not_negative(column: str) -> Rule:
    return Rule(f"{column}_not_negative", f"{column} >= 0", f"{column} is negative")


def _ends_after_it_begins() -> Rule:
    return Rule("ends_after_it_begins", "last_date >= first_date", "last_date lies before first_date")


EXCHANGE_RATES = SourceContract(
    name="exchange_rates",
    description="One row per date and currency: how much base currency a unit is worth. Optional.",
    columns=("rate_date", "currency", "rate", "updated_at"),
    key=("rate_date", "currency"),
    required=("rate_date", "currency", "rate"),
    rules=(Rule("rate_positive", "rate > 0 and isfinite(rate)", "rate is not a positive number"),),
)
PRODUCTS = SourceContract(
    name="products",
    description="One row per product.",
    columns=("product_id", "name", "category", "brand", "supplier_id", "list_price", "unit_cost", "updated_at"),
    key=("product_id",),
    required=("product_id",),
    rules=(_not_negative("list_price"), _not_negative("unit_cost")),
    keyed=(("product_id", "product_key"),),
)
USERS = SourceContract(
    name="users",
    description="One row per user and version of the user's attributes (valid_from); all versions are kept.",
    columns=(
        "user_id", "registered_at", "gender", "birth_date", "age_band", "region", "city_tier", "occupation", "income_band",
        "household_size", "acquisition_channel", "invited_by", "marketing_consent", "consent_basis", "attributes",
        "valid_from", "updated_at",
    ),
    key=("user_id", "valid_from"),
    required=("user_id", "registered_at"),
    rules=(
        _not_in_the_future("registered_at"),
        _not_in_the_future("valid_from"),
        Rule("birth_date_plausible", "birth_date between date '1900-01-01' and cast($received_at as date)",
             "birth_date is before 1900 or in the future"),
        Rule("attributes_json", "json_valid(attributes)", "attributes is not valid JSON"),
        Rule("not_invited_by_self", "invited_by <> user_id", "invited_by is the user's own id"),
    ),
    event_time="registered_at",
    dates=(("registered_at", "registered_date"), ("valid_from", "valid_from_date")),
    keyed=(("user_id", "user_key"),),
)  # fmt: skip
EVENTS = SourceContract(
    name="events",
    description="One row per event of a user or visitor; (event_id, activity_date) is its identity.",
    columns=(
        "event_id", "occurred_at", "event_type", "user_id", "anonymous_id", "product_id", "target_user_id", "content_id",
        "channel", "device", "session_id", "properties",
    ),
    key=("event_id", "activity_date"),
    required=("event_id", "occurred_at", "event_type"),
    rules=(
        _not_in_the_future("occurred_at"),
        Rule("has_actor", "user_id is not null or anonymous_id is not null", "neither user_id nor anonymous_id is given"),
        Rule("properties_json", "json_valid(properties)", "properties is not valid JSON"),
    ),
    event_time="occurred_at",
    dates=(("occurred_at", "activity_date"),),
    keyed=(("user_id", "user_key"), ("target_user_id", "target_user_key"), ("product_id", "product_key")),
)  # fmt: skip
ORDERS = SourceContract(
    name="orders",
    description="One row per order or booked return; an empty user_id is a guest.",
    columns=(
        "order_id", "ordered_at", "user_id", "kind", "status", "currency", "coupon_id", "campaign_id", "shipping_fee",
        "carrier", "promised_at", "shipped_at", "delivered_at", "cancelled_at", "updated_at",
    ),
    key=("order_id",),
    required=("order_id", "ordered_at", "kind", "status", "currency"),
    rules=(
        _not_in_the_future("ordered_at"),
        _one_of("kind", ("sale", "return")),
        _one_of("status", ORDER_STATUSES),
        _not_negative("shipping_fee"),
        Rule("shipped_after_order", "shipped_at >= ordered_at - interval 1 day", "shipped_at lies before the order"),
        Rule("delivered_after_order", "delivered_at >= ordered_at - interval 1 day", "delivered_at lies before the order"),
    ),
    event_time="ordered_at",
    dates=(
        ("ordered_at", "ordered_date"), ("promised_at", "promised_date"), ("shipped_at", "shipped_date"),
        ("delivered_at", "delivered_date"), ("cancelled_at", "cancelled_date"),
    ),
    keyed=(("user_id", "user_key"),),
)  # fmt: skip
ORDER_ITEMS = SourceContract(
    name="order_items",
    description="One row per line of an order.",
    columns=(
        "order_id", "line_number", "line_amount", "product_id", "quantity", "unit_price", "list_price", "discount",
        "refunded_at", "refunded_amount", "updated_at",
    ),
    key=("order_id", "line_number"),
    required=("order_id", "line_number", "line_amount"),
    rules=(
        Rule("line_number_positive", "line_number >= 1", "line_number is below 1"),
        Rule("sale_not_negative", "line_amount >= 0 or quantity < 0", "line_amount is negative on a line that is no return"),
        Rule("return_not_positive", "line_amount <= 0 or quantity >= 0", "line_amount is positive on a returned line"),
        _not_negative("unit_price"),
        _not_negative("list_price"),
        Rule("discount_within_line", "discount >= 0 or quantity < 0", "discount is negative on a line that is no return"),
        _not_negative("refunded_amount"),
        # a hundredth of tolerance: exports round lines and discounts apart
        Rule("discount_at_most_line", "discount <= line_amount + 0.01 or line_amount < 0", "discount is more than the line"),
        Rule("refund_within_line", "refunded_amount <= greatest(line_amount, 0)", "refunded_amount is more than the line"),
        Rule("refund_dated", "refunded_amount = 0 or refunded_at is not null", "refunded_amount has no refunded_at"),
    ),
    dates=(("refunded_at", "refunded_date"),),
    keyed=(("product_id", "product_key"),),
    version=2,
)  # fmt: skip
FEEDBACK = SourceContract(
    name="feedback",
    description="One row per rating, review, complaint, suggestion or survey answer.",
    columns=(
        "feedback_id", "user_id", "created_at", "kind", "score", "text", "order_id", "product_id", "first_response_at",
        "resolved_at", "updated_at",
    ),
    key=("feedback_id",),
    required=("feedback_id", "user_id", "created_at", "kind"),
    rules=(
        _not_in_the_future("created_at"),
        _one_of("kind", FEEDBACK_KINDS),
        Rule("score_finite", "isfinite(score)", "score is not a finite number"),
        Rule("answered_later", "first_response_at >= created_at - interval 1 day", "first_response_at lies before the feedback"),
        Rule("resolved_later", "resolved_at >= created_at - interval 1 day", "resolved_at lies before the feedback"),
    ),
    event_time="created_at",
    dates=(
        ("created_at", "created_date"), ("first_response_at", "first_response_date"), ("resolved_at", "resolved_date"),
    ),
    keyed=(("user_id", "user_key"),),
)  # fmt: skip
CAMPAIGNS = SourceContract(
    name="campaigns",
    description="One row per campaign: its kind, its channel, and on which days it runs. Optional.",
    columns=("campaign_id", "kind", "channel", "first_date", "last_date", "updated_at"),
    key=("campaign_id",),
    required=("campaign_id", "first_date", "last_date"),
    rules=(_ends_after_it_begins(),),
    event_time="first_date",
)
CAMPAIGN_CONTACTS = SourceContract(
    name="campaign_contacts",
    description="One row per campaign and user it was sent to, or who was held out (is_control). Optional.",
    columns=("campaign_id", "user_id", "contacted_at", "is_control", "updated_at"),
    key=("campaign_id", "user_id"),
    # no rule against the future: a list of contacts may be planned
    required=("campaign_id", "user_id", "contacted_at"),
    event_time="contacted_at",
    dates=(("contacted_at", "contacted_date"),),
    keyed=(("user_id", "user_key"),),
)
COUPONS = SourceContract(
    name="coupons",
    description="One row per coupon, campaign that gives it out, and product it is for. Optional.",
    columns=("coupon_id", "campaign_id", "product_id", "updated_at"),
    key=("coupon_id", "campaign_id", "product_id"),
    required=("coupon_id", "campaign_id", "product_id"),
    keyed=(("product_id", "product_key"),),
)
COUPON_REDEMPTIONS = SourceContract(
    name="coupon_redemptions",
    description="One row per coupon that a user redeemed. Optional.",
    columns=("redemption_id", "user_id", "coupon_id", "redeemed_at", "campaign_id", "order_id", "updated_at"),
    key=("redemption_id",),
    required=("redemption_id", "user_id", "coupon_id", "redeemed_at"),
    rules=(_not_in_the_future("redeemed_at"),),
    event_time="redeemed_at",
    dates=(("redeemed_at", "redeemed_date"),),
    keyed=(("user_id", "user_key"),),
)
PROMOTIONS = SourceContract(
    name="promotions",
    description="One row per product, place, first day and kind of a promotion (price cut, display, mailer ...). Optional.",
    columns=("product_id", "place", "first_date", "kind", "last_date", "unit_price", "list_price", "updated_at"),
    key=("product_id", "place", "first_date", "kind"),
    required=("product_id", "place", "first_date", "kind", "last_date"),
    rules=(_ends_after_it_begins(), _not_negative("unit_price"), _not_negative("list_price")),
    event_time="first_date",
    keyed=(("product_id", "product_key"),),
)

MARKETING_COSTS = SourceContract(
    name="marketing_costs",
    description="One row per date, channel and campaign: what was spent on marketing. Optional.",
    columns=("cost_date", "channel", "campaign_id", "amount", "currency", "updated_at"),
    key=("cost_date", "channel", "campaign_id"),
    required=("cost_date", "channel", "campaign_id", "amount", "currency"),
    rules=(
        _not_negative("amount"),
        # a date of the shop may be a day ahead of UTC
        Rule("cost_date_not_in_future", "cost_date <= cast($received_at as date) + 1", "cost_date lies in the future"),
    ),
)

SOURCES: dict[str, SourceContract] = {
    contract.name: contract
    for contract in (
        EXCHANGE_RATES, PRODUCTS, USERS, EVENTS, ORDERS, ORDER_ITEMS, FEEDBACK, CAMPAIGNS, CAMPAIGN_CONTACTS,
        COUPONS, COUPON_REDEMPTIONS, PROMOTIONS, MARKETING_COSTS,
    )
}  # fmt: skip
"""Contract name -> contract, in loading order."""

DATED_BY: dict[str, str | None] = {
    contract.name: dict(contract.dates).get(contract.event_time, contract.event_time)
    for contract in SOURCES.values()
    if contract.event_time
} | {"exchange_rates": "rate_date", "users": "valid_from_date", "order_items": None}
"""Contract -> the date column of its rows by which tables are rebuilt; a line has the date of its order (None)."""

PROVENANCE = ("file_id", "record_number", "row_hash")
"""Columns every bronze table carries behind the contract's own."""
