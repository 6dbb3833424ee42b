"""Reports as they stand in `report` tables: the same numbers, with their definition beside them.

Retention and the value of cohorts have their own module, `cohorts.py`; what is counted when asked has others.
"""

from typing import TYPE_CHECKING

from assets.analytics.report import AnalysisError, Report, counted
from sql.queries import load_queries

if TYPE_CHECKING:
    from assets.analytics.shop import Shop

SIGNED_IN = "signed-in users, each from the first activity in the data on"
BASES = {
    "activity": "active = an event other than push_open, or an order placed",
    "order": "active = a paid order",
}

_BUYERS = {
    "all": "all orders, guests included",
    "identified": "orders of users who are known",
    "guests": "orders of nobody known",
}


def definition(table: str) -> str:
    """Return what a table's own file says is counted and how, without its grain ("One row per ...:"), which the columns show."""
    return counted(load_queries()[table].description)


def choose(word: str, value: str, allowed: tuple[str, ...]) -> None:
    """Check a choice.

    Raises:
        AnalysisError: it is none of those allowed.
    """
    if value not in allowed:
        message = f"{word} is {value!r}; choose {', '.join(allowed)}"
        raise AnalysisError(message)


def active_users(shop: "Shop") -> Report:
    """Active users by basis and day, with the engagement states of that day in columns."""
    days = shop.table("report.active_users_day")
    states = shop.table("report.engagement_day")
    wide = states.pivot_table(
        index=["activity_basis", "activity_date"], columns="engagement_state", values="users_count", aggfunc="sum"
    ).reset_index()
    return Report(
        "active_users",
        f"{definition('report.active_users_day')} Engagement states: {definition('report.engagement_day')}",
        SIGNED_IN,
        "business days; trailing 7 and 30 days end with the day",
        "stickiness: users active in the trailing 30 days",
        days.merge(wide, on=["activity_basis", "activity_date"], how="left", validate="1:1"),
        people="active_users_count",
        measures=("active_users_7d", "active_users_30d", "stickiness"),
    )


def lifecycle(shop: "Shop", *, basis: str, period: str) -> Report:
    """New, returning, resurrecting and dormant users by period of one type."""
    choose("basis", basis, tuple(BASES))
    choose("period", period, ("day", "week", "month"))
    frame = shop.table(
        "report.lifecycle", "activity_basis = $basis and period_type = $period", basis=basis, period=period
    )
    return Report(
        "lifecycle",
        definition("report.lifecycle"),
        f"{SIGNED_IN}; {BASES[basis]}",
        f"calendar {period}s",
        "quick ratio: users dormant in the period",
        frame,
        people="active_users_count",
    )


def active_days(shop: "Shop", *, basis: str, period: str) -> Report:
    """Users by the number of days they were active in a week or month: `report.active_days_histogram` of one basis."""
    choose("basis", basis, tuple(BASES))
    choose("period", period, ("week", "month"))
    frame = shop.table(
        "report.active_days_histogram", "activity_basis = $basis and period_type = $period", basis=basis, period=period
    )
    return Report(
        "active_days",
        definition("report.active_days_histogram"),
        f"{SIGNED_IN}; {BASES[basis]}",
        f"calendar {period}s",
        f"users active in the {period}",
        frame,
        people="users_count",
        measures=("share",),
    )


def revenue(shop: "Shop", *, population: str) -> Report:
    """What was sold, given back and kept by month: `report.revenue_month` of all orders, identified buyers or guests."""
    choose("population", population, tuple(_BUYERS))
    frame = shop.table("report.revenue_month", "population = $population", population=population)
    about_no_amount = {"month_date", "population", "buyers_count"}
    return Report(
        f"revenue of {population}" if population != "all" else "revenue",
        definition("report.revenue_month"),
        _BUYERS[population],
        "calendar months; the newest one may not be over",
        "average_order_value: paid orders of the month",
        frame,
        people=None if population == "guests" else "buyers_count",
        measures=tuple(name for name in frame.columns if name not in about_no_amount),
    )


def customers(shop: "Shop", *, by: str) -> Report:
    """What the personas or clusters are like: `report.persona_summary` or `report.cluster_summary` of the newest as_of."""
    choose("by", by, ("persona", "cluster"))
    table = f"report.{by}_summary"
    frame = shop.table(table, f"as_of = (select max(newest.as_of) from {table} as newest)")
    return Report(
        f"customers by {by}",
        definition(table),
        "users with an order before as_of",
        f"as of {frame['as_of'].iloc[0]:%Y-%m-%d}" if len(frame) else "no user has an order yet",
        f"share: all users with a {by}",
        frame,
        people="users_count",
        measures=("share", *(name for name in frame.columns if name.endswith("_mean"))),
    )


def product_pairs(shop: "Shop", *, basis: str) -> Report:
    """Products that are bought or viewed together: `report.product_pair` of the newest as_of, the closest pairs first."""
    choose("basis", basis, ("order", "view"))
    newest = "as_of = (select max(newest.as_of) from report.product_pair as newest)"
    frame = shop.table("report.product_pair", f"{newest} and pair_basis = $basis", basis=basis)
    return Report(
        f"pairs of {basis}s",
        definition("report.product_pair"),
        "paid orders, guests included" if basis == "order" else "sessions of signed-in users and visitors",
        "90 days before as_of",
        "support_share: baskets; confidence: baskets with the first product",
        frame.sort_values(["lift", "product_id", "other_product_id"], ascending=[False, True, True], ignore_index=True),
        people="people_count",
        measures=("together_count", "support_share", "confidence", "lift", "leverage"),
    )
