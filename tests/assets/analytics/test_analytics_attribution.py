"""Attribution on events and orders of the warehouse: look-back, sessions as touches, credits that sum to orders, costs."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.analytics import AnalysisError

DAY = 24 * 60


def credits_of(report, model):
    own = report.frame[report.frame["model"] == model]
    return own.set_index("channel")["conversions"].to_dict()


def test_paths_of_touches(make_shop):
    events = [
        (1, 0, "view", 1, "ads"), (1, 5, "cart", 1, "web"),  # one session: its first event's channel
        (1, 2 * DAY, "view", 1, "web"), (1, 3 * DAY, "push_open", 1, "push"), (1, 40 * DAY, "view", 1, "ads"),
        (2, 0, "view", 1, None), (3, 0, "view", 1, "ads"),
    ]  # fmt: skip
    shop = make_shop(events, [(1, 4 * DAY), (2, 31 * DAY), (2, 0)])
    report = shop.attribution()
    # order 1: ads, web, push; order 2: 31 days after its touch; order 3 at the moment of its touch
    assert credits_of(report, "first") == {"ads": 1.0, "direct": 1.0, "push": 0.0, "web": 0.0, "(no touch)": 1.0}
    assert credits_of(report, "last")["push"] == 1.0
    assert credits_of(report, "linear")["web"] == pytest.approx(1 / 3)
    assert credits_of(report, "position") == pytest.approx(
        {"ads": 0.4, "direct": 1, "push": 0.4, "web": 0.2, "(no touch)": 1}
    )
    weights = [2 ** (-days / 7) for days in (4, 2, 1)]
    assert credits_of(report, "time_decay")["ads"] == pytest.approx(weights[0] / sum(weights))
    assert credits_of(report, "shapley")["ads"] == pytest.approx(1 / 3)
    assert report.frame.groupby("model")["conversions"].sum().tolist() == pytest.approx([3.0] * 8)
    assert report.frame.groupby("model")["value"].sum().tolist() == pytest.approx([60.0] * 8)


EVENTS = st.lists(
    st.tuples(
        st.integers(1, 3), st.integers(0, 50_000), st.just("view"), st.just(1), st.sampled_from(["a", "b", None])
    ),
    max_size=9,
)


@pytest.mark.slow
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=EVENTS,
    orders=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 60_000)), min_size=1, max_size=4),
)
def test_every_model_credits_every_order_once(fresh_shop, events, orders):
    with fresh_shop(events, orders) as shop:
        frame = shop.attribution().frame
        assert frame.groupby("model")["conversions"].sum().tolist() == pytest.approx(
            [len(orders)] * frame["model"].nunique()
        )
        spent = 10.0 * sum(range(1, len(orders) + 1))
        assert frame.groupby("model")["value"].sum().tolist() == pytest.approx([spent] * frame["model"].nunique())
        buyers = len({user for user, _ in orders})
        assert frame.groupby("model")["new_customers"].sum().tolist() == pytest.approx(
            [buyers] * frame["model"].nunique()
        )


def test_costs_of_the_range_make_roas_and_cac(make_shop):
    shop = make_shop([(1, 0, "view", 1, "ads"), (2, 0, "view", 1, "ads")], [(1, 5), (1, 9), (2, 7)])
    assert "cost_amount" not in shop.attribution().frame
    shop.warehouse.connection.execute(
        "insert into core.marketing_costs values ('2024-03-04', 'ads', 'none', 2), ('2024-03-04', 'ads', 'spring', 3), "
        "('2030-01-01', 'ads', 'none', 8), ('2024-03-04', 'tv', 'none', 9)"
    )
    frame = shop.attribution().frame.query("model == 'last'").set_index("channel")
    # orders of 10, 20 and 30; two of them are first orders
    assert frame.loc["ads", ["conversions", "new_customers", "cost_amount", "roas", "cac_amount"]].tolist() == [
        3,
        2,
        5,
        12,
        2.5,
    ]
    assert frame.loc["tv", ["conversions", "cost_amount", "roas"]].tolist() == [0, 9, 0]
    assert pd.isna(frame.loc["tv", "cac_amount"])
    assert len(shop.attribution().frame) == 8 * 2


def test_wrong_numbers_are_refused(make_shop):
    with pytest.raises(AnalysisError, match="both must be above 0"):
        make_shop([(1, 0, "view", 1, "ads")]).attribution(half_life_days=0)


def test_payback_needs_costs_and_finds_the_day(make_shop):
    reports = ("cohort_value", "acquisition_cost")
    events, orders = (
        [(user, 0, "view", 1) for user in range(1, 9)] + [(10, 0, "view", 1), (11, 0, "view", 1)],
        [(1, 2 * DAY)],
    )
    channels = dict.fromkeys([*range(1, 9), 10, 11], "ads")
    with pytest.raises(AnalysisError, match="holds no marketing costs"):
        make_shop(events, orders, channels=channels, reports=reports).payback()
    costs = [("2024-03-10", "ads", 8)]
    report = make_shop(events, orders, channels=channels, reports=reports, costs=costs).payback()
    # 8 / 10 users; the order of 10 comes on day 2
    row = report.frame.iloc[0]
    assert row[["cohort_users_count", "cac_amount", "payback_days", "roas"]].tolist() == [10, 0.8, 2, 1.25]
    assert "revenue, not margin" in dict(report.heading)["definition"]
