"""Reports on real data: totals equal those of the core tables, and documented numbers of the Retentioneering data set."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from assets.analytics import Shop
from assets.ingest import ingest
from assets.warehouse import open_warehouse
from contracts.funnels import Funnel
from models.funnels import FunnelEvents, reach
from sql.mappings import load_mapping_set
from sql.queries import load_queries

pytestmark = pytest.mark.real
REPORTS = ("engagement_limits", "active_users_day", "engagement_day", "active_days_histogram", "lifecycle", "retention",
           "retention_recurring", "retention_curve", "cohort_value", "revenue_month")  # fmt: skip

FOLDERS = {"rees46": "rees46_sample"}


@pytest.fixture(scope="module", params=["online_retail", "complete_journey", "rees46"])
def shop(request, tmp_path_factory):
    from tests.conftest import REAL_DATA  # the fixture `real_data` lives for one test only

    folder = REAL_DATA / FOLDERS.get(request.param, request.param)
    if not folder.exists():
        pytest.skip(
            f"real data {folder.name!r} is not in {REAL_DATA}; set TRELLIS_REAL_DATA to the folder that holds it"
        )
    mappings, home = load_mapping_set(request.param), tmp_path_factory.mktemp(request.param)
    received_at = datetime.fromisoformat("2026-01-01")
    zone, currency = mappings.time_zone, mappings.currency
    assert zone
    assert currency
    ingest(home, folder, mappings, received_at=received_at, time_zone=zone, base_currency=currency)
    with open_warehouse(home) as warehouse:
        for query in load_queries().values():
            if query.layer == "core" or (query.layer == "report" and query.name in REPORTS):
                warehouse.build(query, {"received_at": received_at})
        yield Shop(warehouse)


@pytest.mark.slow
def test_asserts_and_identities_hold(shop):
    for name in REPORTS:
        for rule in load_queries()[f"report.{name}"].asserts:
            assert shop.warehouse.value(f"select count(*) from report.{name} where not ({rule})") == 0, (name, rule)
    months = shop.lifecycle(basis="order", period="month").frame.set_index("period_date")
    orders = shop.warehouse.frame(
        "select date_trunc('month', ordered_date) as month, count(distinct user_id) as buyers from core.orders "
        "where kind = 'sale' and is_paid and user_id is not null group by 1"
    ).set_index("month")["buyers"]
    assert months["active_users_count"].to_dict() == orders.to_dict()
    new = months[months["new_users_count"] > 0]["new_users_count"]
    for by in ("all", "channel", "region", "persona"):
        cohorts = shop.retention(basis="order", period="month", by=by).frame.query("period_offset == 0")
        assert cohorts.groupby("cohort_date")["cohort_users_count"].sum().to_dict() == new.to_dict()


@pytest.mark.slow
@pytest.mark.parametrize("period", ["day", "week", "month"])
@pytest.mark.parametrize("basis", ["activity", "order"])
def test_active_is_new_returning_and_resurrecting_and_new_users_are_the_cohorts(shop, basis, period):
    moves = shop.lifecycle(basis=basis, period=period).frame.set_index("period_date")
    parts = moves[["new_users_count", "returning_users_count", "resurrecting_users_count"]].sum(axis=1)
    assert (moves["active_users_count"] == parts).all()
    start = "date_trunc($period, activity_date)"
    days = shop.warehouse.frame(
        f"select {start} as period_date, count(distinct user_key) as users from core.user_active_day "
        "where activity_basis = $basis group by 1",
        {"basis": basis, "period": period},
    )
    active = moves["active_users_count"]
    assert active[active > 0].to_dict() == days.set_index("period_date")["users"].to_dict()
    sizes = shop.retention(basis=basis, period=period).frame.query("period_offset == 0")
    sizes = sizes.set_index("cohort_date")["cohort_users_count"]
    new = moves["new_users_count"]
    assert sizes.to_dict() == new[new > 0].to_dict()
    everybody = "select count(distinct user_key) from core.user_active_day where activity_basis = $basis"
    assert sizes.sum() == shop.warehouse.value(everybody, {"basis": basis})


@pytest.mark.slow
@pytest.mark.parametrize("by", ["channel", "region"])
def test_groups_sum_to_the_whole(shop, by):
    counts = ["on_users_count", "on_or_after_users_count", "streak_users_count", "cohort_users_count"]
    keys = ["cohort_date", "period_offset"]
    for recurring in (False, True):
        whole, groups = (
            shop.retention(period="month", by=group, recurring=recurring).frame.groupby(keys) for group in ("all", by)
        )
        shared = counts if not recurring else [counts[0], counts[-1]]
        pd.testing.assert_frame_equal(groups[shared].sum(), whole[shared].sum(), check_dtype=False)
    steps = ("view", "purchase") if shop.warehouse.count("core.events") else ("order", "order")
    funnel = Funnel.model_validate({"name": "asked", "steps": steps})
    reached = [shop.funnel(funnel, by=group).frame.groupby("step_number")["users_count"].sum() for group in ("all", by)]
    assert reached[0].iloc[0] > 0
    assert reached[0].to_dict() == reached[1].to_dict()


@pytest.mark.slow
def test_states_and_days_sum_to_the_users_seen(shop):
    states = shop.table("report.engagement_day", "activity_basis = 'order'")
    seen = shop.table("report.active_users_day", "activity_basis = 'order'")["new_users_count"].cumsum()
    assert (states.groupby("activity_date")["users_count"].sum().to_numpy() == seen.to_numpy()).all()


@pytest.mark.slow
def test_cohort_value_sums_to_net_revenue(shop):
    value = shop.table("report.cohort_value")
    last = value.sort_values("days_since_first").groupby(["dimension", "dimension_value", "cohort_date"]).tail(1)
    sums = last.groupby("dimension")["net_amount"].sum()
    assert sums["channel"] == pytest.approx(sums["all"])
    # users with no activity but a return stand in no cohort; days beyond 365 stand in none either
    net = shop.warehouse.value(
        "with firsts as (select user_key, min(activity_date) as first_date from core.user_active_day "
        "where activity_basis = 'activity' group by user_key) "
        "select sum(paid_amount - returned_amount) from core.order_items inner join core.users using (user_id) "
        "inner join firsts using (user_key) where is_paid and ordered_date - first_date <= 365"
    )
    refunds = shop.warehouse.value("select coalesce(sum(refund_amount), 0) from core.order_items where is_paid")
    assert float(sums["all"]) == pytest.approx(float(net) - float(refunds), rel=1e-9)


@pytest.mark.slow
def test_every_order_is_credited_and_every_user_profiled(shop):
    orders = shop.warehouse.value(
        "select count(*) from core.orders where kind = 'sale' and is_paid and user_id is not null"
    )
    assert shop.attribution().frame.groupby("model")["conversions"].sum().tolist() == pytest.approx([orders] * 8)
    profile = shop.profile("region").frame
    assert profile["users_count"].sum() == shop.warehouse.count("core.users")
    assert profile["orders_count"].sum() == orders


def test_the_readme_funnel_of_retentioneering(real_data):
    """Its README: of 3,605 sessions 28.3 % reach the cart and 14.2 % the shipping details."""
    events = pd.read_csv(real_data("retentioneering_ecom") / "ecom.csv.gz", parse_dates=["timestamp"])
    unit = pd.factorize(events["session_id"])[0].astype(np.int64)
    steps = np.select([events["event"] == "cart", events["event"] == "shipping_details"], [1, 2], 0).astype(np.int64)
    at_us = events["timestamp"].astype("datetime64[us]").astype("int64").to_numpy()
    everything = FunnelEvents(unit, at_us, steps, np.zeros(len(events), bool), np.ones(len(events), bool))
    reached = reach(everything, steps=2, window_us=10**15).groupby("step").size()
    assert len(set(unit)) == 3_605
    assert (reached / 3_605).round(3).tolist() == [0.283, 0.142]
