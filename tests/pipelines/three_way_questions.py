"""Which command, method and stored table answer the same question: what `test_three_ways.py` compares.

The words of a command may hold {as_of}, {back} (90 days before) and {eight_weeks}; statements $as_of and $month (a first day).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from assets.analytics import Report, Shop

WEEK = "activity_basis = 'activity' and period_type = 'week'"
GRID = ("cohort_date", "period_offset", "cohort_users_count", "on_users_count", "is_complete")
CREDITS = {"orders_credit": "conversions", "credited_amount": "value", "new_customers_credit": "new_customers"}
FEW = 10


@dataclass(frozen=True)
class Days:
    """The dates that questions about the newest days are asked for: all before as_of, which is exclusive."""

    as_of: date

    @property
    def back(self) -> date:
        return self.as_of - timedelta(days=90)

    @property
    def eight_weeks(self) -> date:
        return self.as_of - timedelta(days=56)

    @property
    def last_90(self) -> dict[str, date]:
        return {"from_date": self.back, "until_date": self.as_of}

    @property
    def last_56(self) -> dict[str, date]:
        return {"from_date": self.eight_weeks, "until_date": self.as_of}


@dataclass(frozen=True)
class Question:
    """One question: its command, its method, the table's rows (None: no table holds them) and what part is compared."""

    words: str
    ask: Callable[[Shop, Days], Report]
    statement: str | None = None
    columns: tuple[str, ...] = ()
    part: Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame] = lambda frame, _: frame


def _total(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    return pd.DataFrame({column: [frame[column].sum()]})


def _credits(frame: pd.DataFrame, stored: pd.DataFrame) -> pd.DataFrame:
    """The channels that stand alone in the table, the others together as `(other)` where the table shows them."""
    rules = frame[frame["model"] != "markov"].rename(columns={"model": "attribution_rule"})
    alone = set(stored["channel"]) - {"(other)"}
    rules = rules.assign(channel=rules["channel"].where(rules["channel"].isin(alone), "(other)"))
    summed = rules.groupby(["attribution_rule", "channel"], as_index=False)[list(CREDITS.values())].sum()
    summed = summed.rename(columns={new: old for old, new in CREDITS.items()})
    return summed[summed["channel"].isin(set(stored["channel"]))]


def _returns(frame: pd.DataFrame, stored: pd.DataFrame) -> pd.DataFrame:
    rows = frame[(frame["model"] != "markov") & frame["channel"].isin(set(stored["channel"]))]
    return rows.rename(columns={"model": "attribution_rule"})


def _pairs(frame: pd.DataFrame, stored: pd.DataFrame) -> pd.DataFrame:
    """Rules of one product each, as the pairs that the table holds too."""
    known = set(zip(stored["antecedent"], stored["consequent"], strict=True))
    return frame[[pair in known for pair in zip(frame["antecedent"], frame["consequent"], strict=True)]]


def _many(frame: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["users_count"] >= FEW]


def _past(frame: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["value"].notna()].rename(columns={"value": "active_users_count"})


def _step_0(frame: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["step"] == 0]


def _hours(dimension: str) -> str:
    return f"select * from report.active_hours where as_of = $as_of and dimension = '{dimension}'"


def _retention(dimension: str) -> str:
    return f"select * from report.retention where dimension = '{dimension}' and {WEEK}"


def _value(dimension: str) -> str:
    return f"select * from report.cohort_value where dimension = '{dimension}'"


HOURS = ("dimension_value", "weekday_number", "hour_of_day", "events_count", "users_count", "events_share")
VALUE = ("dimension_value", "cohort_date", "days_since_first", "cohort_users_count", "net_amount", "is_complete")
CURVE = ("dimension_value", "period_offset", "cohorts_count", "cohort_users_count", "on_share", "on_share_low")
PAIR = (
    "antecedent",
    "consequent",
    "baskets_count",
    "antecedent_count",
    "people_count",
    "support",
    "confidence",
    "lift",
)
MEANS = ("users_count", "share", "recency_days_mean", "orders_mean", "net_amount_mean")

QUESTIONS: dict[str, Question] = {
    "active users": Question(
        "active",
        lambda shop, _: shop.active_users(),
        "select * from report.active_users_day inner join (pivot report.engagement_day on engagement_state "
        "using coalesce(sum(users_count), 0) group by activity_basis, activity_date) using (activity_basis, activity_date)",
        ("activity_basis", "activity_date", "active_users_count", "active_users_7d", "active_users_30d", "new_users_count",
         "current", "dormant", "resurrected", "at_risk_mau"),
    ),
    "active days": Question(
        "active --days-per week --basis order",
        lambda shop, _: shop.active_days(basis="order", period="week"),
        "select * from report.active_days_histogram where activity_basis = 'order' and period_type = 'week'",
        ("period_date", "active_days", "users_count", "active_users_count", "share", "is_complete"),
    ),
    "lifecycle": Question(
        "lifecycle",
        lambda shop, _: shop.lifecycle(),
        f"select * from report.lifecycle where {WEEK}",
        ("period_date", "active_users_count", "new_users_count", "dormant_users_count", "quick_ratio", "is_complete"),
    ),
    "lifecycle of buyers": Question(
        "lifecycle --basis order --period month",
        lambda shop, _: shop.lifecycle(basis="order", period="month"),
        "select * from report.lifecycle where activity_basis = 'order' and period_type = 'month'",
        ("period_date", "active_users_count", "new_users_count", "dormant_users_count", "is_complete"),
    ),
    "retention": Question("retention", lambda shop, _: shop.retention(), _retention("all"), GRID),
    "retention by channel": Question(
        "retention --by channel", lambda shop, _: shop.retention(by="channel"), _retention("channel"),
        ("dimension_value", *GRID),
    ),
    "retention by persona": Question(
        "retention --by persona", lambda shop, _: shop.retention(by="persona"), _retention("persona"),
        ("dimension_value", *GRID),
    ),
    "retention in a row": Question(
        "retention --measure streak", lambda shop, _: shop.retention(measure="streak"), _retention("all"),
        (*GRID, "streak_users_count", "on_or_after_users_count"),
    ),
    "recurring retention": Question(
        "retention --recurring", lambda shop, _: shop.retention(recurring=True),
        f"select * from report.retention_recurring where {WEEK}", GRID,
    ),
    "retention curve": Question(
        "retention --curve --by region", lambda shop, _: shop.retention_curve(by="region"),
        f"select * from report.retention_curve where dimension = 'region' and {WEEK}", CURVE,
    ),
    "retention of a bracket": Question(
        "retention --bracket 2 2", lambda shop, _: shop.retention_bracket(2, 2),
        f"{_retention('all')} and period_offset = 2", ("cohort_date", "cohort_users_count", "on_users_count", "is_complete"),
        part=lambda frame, stored: frame[frame["cohort_date"].isin(set(stored["cohort_date"]))],
    ),
    "value": Question("value", lambda shop, _: shop.cohort_value(), _value("all"), VALUE),
    "value by channel": Question(
        "value --by channel", lambda shop, _: shop.cohort_value(by="channel"), _value("channel"), VALUE
    ),
    "value curve": Question(
        "value --curve", lambda shop, _: shop.cohort_value(curve=True),
        "select days_since_first, count(*) as cohorts_count, sum(net_amount) as net_amount from report.cohort_value "
        "where dimension = 'all' and is_complete group by days_since_first",
        ("days_since_first", "cohorts_count", "net_amount"),
    ),
    "revenue": Question(
        "revenue --population identified", lambda shop, _: shop.revenue(population="identified"),
        "select * from report.revenue_month where population = 'identified'",
        ("month_date", "gross_amount", "net_amount", "orders_count", "buyers_count", "average_order_value"),
    ),
    "transitions": Question(
        "path --top 1000", lambda shop, _: shop.paths(top=1000),
        "select from_event, to_event, sum(transitions_count) as transitions_count from report.event_transition_day "
        "group by all", ("from_event", "to_event", "transitions_count"),
    ),
    "first events of sessions": Question(
        "path --matrix", lambda shop, _: shop.step_matrix(),
        "select to_event as event_type, sum(transitions_count) as sessions_count from report.event_transition_day "
        "where from_event = '(start)' group by all", ("event_type", "sessions_count"), part=_step_0,
    ),
    "last events of sessions": Question(
        "path --matrix --from-end", lambda shop, _: shop.step_matrix(from_end=True),
        "select from_event as event_type, sum(transitions_count) as sessions_count from report.event_transition_day "
        "where to_event = '(end)' group by all", ("event_type", "sessions_count"), part=_step_0,
    ),
    "flows": Question(
        "path --flows", lambda shop, _: shop.step_flows(),
        "select sum(sessions_count) as sessions_count from report.session_day", ("sessions_count",),
        part=lambda frame, stored: _total(_step_0(frame, stored), "sessions_count"),
    ),
    "sessions": Question(
        "sessions", lambda shop, _: shop.sessions(), "select * from report.session_day",
        ("activity_date", "sessions_count", "bounces_count", "duration_median_s", "purchase_session_share"),
    ),
    "intervals": Question("intervals order order", lambda shop, _: shop.intervals("order", "order")),
    "distribution": Question(
        "distribution spend", lambda shop, _: shop.distribution("spend"),
        "select count(*) as users_count from (select user_id from core.order_items inner join core.users using (user_id) "
        "where is_paid group by user_id having sum(paid_amount - returned_amount - refund_amount) > 0)", ("users_count",),
        part=lambda frame, _: _total(frame, "users_count"),
    ),
    "attribution": Question(
        "attribution --from {back} --until {as_of}", lambda shop, days: shop.attribution(**days.last_90),
        "select * from report.channel_attribution where as_of = $as_of", ("attribution_rule", "channel", *CREDITS),
        part=_credits,
    ),
    "return of channels": Question(
        "attribution --from {back} --until {as_of}", lambda shop, days: shop.attribution(**days.last_90),
        "select * from report.channel_return semi join report.channel_attribution using (as_of, attribution_rule, channel) "
        "where as_of = $as_of", ("attribution_rule", "channel", "cost_amount", "roas", "cac_amount"), part=_returns,
    ),
    "payback": Question(
        "payback", lambda shop, _: shop.payback(), "select * from report.acquisition_cost",
        ("channel", "cohort_date", "cost_amount", "cohort_users_count", "cac_amount", "payback_days", "is_complete"),
    ),
    "rhythm": Question(
        "rhythm --from {eight_weeks} --until {as_of}", lambda shop, days: shop.rhythm(**days.last_56), _hours("all"), HOURS,
        part=_many,
    ),
    "rhythm of personas": Question(
        "rhythm --by persona --from {eight_weeks} --until {as_of}",
        lambda shop, days: shop.rhythm(by="persona", **days.last_56), _hours("persona"), HOURS, part=_many,
    ),
    "trend": Question(
        "trend active_users", lambda shop, _: shop.trend("active_users"),
        "select * from report.active_users_day where activity_basis = 'activity'", ("activity_date", "active_users_count"),
        part=_past,
    ),
    "calendar": Question("calendar active_users", lambda shop, _: shop.calendar("active_users")),
    "baskets": Question(
        "baskets --from {back} --until {as_of} --confidence 0.05 --least 60",
        lambda shop, days: shop.baskets(**days.last_90, confidence="0.05", baskets_at_least=60),
        "with twins as (select name from core.products where name is not null group by name having count(*) > 1) "
        "select one.name as antecedent, other.name as consequent, together_count as baskets_count, people_count, "
        "product_count as antecedent_count, support_share as support, confidence, lift from report.product_pair as pairs "
        "inner join core.products as one on pairs.product_id = one.product_id "
        "inner join core.products as other on pairs.other_product_id = other.product_id "
        "where as_of = $as_of and pair_basis = 'order' and confidence >= 0.05 "
        "and together_count >= 60 "
        "and one.name not in (select name from twins) "
        "and other.name not in (select name from twins)", PAIR, part=_pairs,
    ),
    "pairs": Question(
        "pairs --basis view", lambda shop, _: shop.product_pairs(basis="view"),
        "select * from report.product_pair where as_of = $as_of and pair_basis = 'view'",
        ("product_id", "other_product_id", "together_count", "people_count", "lift", "leverage"),
    ),
    "personas": Question(
        "customers", lambda shop, _: shop.customers(), "select * from report.persona_summary where as_of = $as_of",
        ("persona", *MEANS, "purchase_probability_mean"),
    ),
    "clusters": Question(
        "customers --by cluster", lambda shop, _: shop.customers(by="cluster"),
        "select * from report.cluster_summary where as_of = $as_of", ("cluster_id", *MEANS),
    ),
    "profile": Question(
        "profile region", lambda shop, _: shop.profile("region"),
        "select dimension_value as attribute_value, count(*) as users_count from core.user_group "
        "where dimension = 'region' group by all", ("attribute_value", "users_count"),
    ),
}  # fmt: skip
