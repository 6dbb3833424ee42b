"""Attribution on events and orders of the warehouse: look-back, sessions as touches, credits that sum to orders, costs."""

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.analytics import AnalysisError
from sql.queries import load_queries

DAY = 24 * 60


def credits_of(frame, model):
    own = frame[frame["model"] == model]
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
    assert credits_of(report.frame, "first") == {"ads": 1.0, "direct": 1.0, "push": 0.0, "web": 0.0, "(no touch)": 1.0}
    assert credits_of(report.frame, "last")["push"] == 1.0
    assert credits_of(report.frame, "linear")["web"] == pytest.approx(1 / 3)
    assert credits_of(report.frame, "position") == pytest.approx(
        {"ads": 0.4, "direct": 1, "push": 0.4, "web": 0.2, "(no touch)": 1}
    )
    weights = [2 ** (-days / 7) for days in (4, 2, 1)]
    assert credits_of(report.frame, "time_decay")["ads"] == pytest.approx(weights[0] / sum(weights))
    assert credits_of(report.frame, "shapley")["ads"] == pytest.approx(1 / 3)
    assert report.frame.groupby("model")["conversions"].sum().tolist() == pytest.approx([3.0] * 8)
    assert report.frame.groupby("model")["value"].sum().tolist() == pytest.approx([60.0] * 8)


def slow_rules(path, at, half_life_days=7):
    """Rule -> one credit per touch of a path of (moment in minutes, channel), by the definitions alone."""
    n, channels = len(path), [channel for _, channel in path]
    others = [place for place in range(n) if channels[place] != "direct"]
    decay = [2 ** (-(at - moment) / DAY / half_life_days) for moment, _ in path]
    ends = [0.5] * n if n == 2 else [0.4, *[0.2 / max(n - 2, 1)] * (n - 2), 0.4] if n > 2 else [1.0]
    return {
        "first": [float(place == 0) for place in range(n)],
        "last": [float(place == n - 1) for place in range(n)],
        "last_non_direct": [float(place == (others[-1] if others else n - 1)) for place in range(n)],
        "linear": [1 / n] * n,
        "position": ends,
        "time_decay": [weight / sum(decay) for weight in decay],
        "shapley": [1 / len(set(channels)) / channels.count(channel) for channel in channels],
    }


def slow_credits(touches, orders):
    """(rule, channel) -> [orders, value, first orders], of touches (user, minutes, channel) and orders (user, minutes)."""
    credited = {}
    for number, (user, at) in enumerate(orders):
        path = sorted(
            (moment, channel) for who, moment, channel in touches if who == user and at - 30 * DAY <= moment <= at
        )
        is_first = (
            number == min((when, f"o{place}", place) for place, (who, when) in enumerate(orders) if who == user)[2]
        )
        worth = (1.0, 10.0 * (number + 1), float(is_first))
        for rule, parts in slow_rules(path or [(at, "(no touch)")], at).items():
            for (_, channel), credit in zip(path or [(at, "(no touch)")], parts, strict=True):
                sums = credited.setdefault((rule, channel), [0.0, 0.0, 0.0])
                for place, value in enumerate(worth):
                    sums[place] += credit * value
    return credited


# hours apart, so that every view begins a session; moments may be equal to those of orders and of pushes
EVENTS = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.integers(0, 1_000).map(lambda hour: 60 * hour),
        st.sampled_from(["view", "push_open"]),
        st.just(1),
        st.sampled_from(["a", "b", None]),
    ),
    max_size=12,
    unique_by=lambda event: event[:3],
)


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=EVENTS,
    orders=st.lists(
        st.tuples(st.integers(1, 3), st.integers(0, 1_000).map(lambda hour: 60 * hour)), min_size=1, max_size=5
    ),
)
def test_every_rule_equals_the_slow_twin_and_credits_every_order_once(fresh_shop, events, orders):
    touches = {
        (user, at, channel or ("push" if kind == "push_open" else "direct")) for user, at, kind, _, channel in events
    }
    with fresh_shop(events, orders) as shop:
        frame = shop.attribution().frame
    found = {
        (row.model, row.channel): [row.conversions, row.value, row.new_customers]
        for row in frame.itertuples()
        if row.model != "markov"
    }
    wanted = slow_credits(touches, orders)
    assert found.keys() == wanted.keys()
    for key, sums in wanted.items():
        assert found[key] == pytest.approx(sums), key
    totals = frame.groupby("model")[["conversions", "value", "new_customers"]].sum()
    spent = 10.0 * sum(range(1, len(orders) + 1))
    for _, sums in totals.iterrows():
        assert sums.tolist() == pytest.approx([len(orders), spent, len({user for user, _ in orders})])


def test_a_channel_on_no_path_to_an_order_may_have_credit_in_the_chain(make_shop):
    frame = (
        make_shop([(1, 0, "view", 1, "a"), (2, 0, "view", 1, "b"), (2, 60, "view", 1, "a")], [(1, 0)])
        .attribution()
        .frame
    )
    # start > a or b > a; a converts half the time: without b half of all paths go on, so its effect is 1/2, that of a 1
    assert credits_of(frame, "markov") == pytest.approx({"a": 2 / 3, "b": 1 / 3})


def test_the_published_table_holds_the_same_credits(make_shop):
    users = range(10, 22)
    events = [(user, 60 * user, "view", 1, "ads" if user % 2 else None) for user in users]
    events += [(user, 2 * DAY + user, "push_open", 1, "push") for user in users]
    shop = make_shop(events, [(user, 3 * DAY) for user in users], regions={10: "north"})
    as_of = date(2024, 3, 20)
    shop.warehouse.build(load_queries()["report.channel_attribution"], {"as_of": as_of})
    published = shop.warehouse.frame("select * from report.channel_attribution").set_index(
        ["attribution_rule", "channel"]
    )
    asked = shop.attribution(from_date=as_of - timedelta(days=90), until_date=as_of).frame
    asked = asked[asked["model"] != "markov"].set_index(["model", "channel"])
    # six buyers each by ads and directly: too few to stand alone
    for rule in {rule for rule, _ in published.index}:
        assert published.loc[(rule, "push"), "orders_credit"] == pytest.approx(asked.loc[(rule, "push"), "conversions"])
        small = asked.loc[[(rule, "ads"), (rule, "direct")]]
        assert published.loc[(rule, "(other)"), "credited_amount"] == pytest.approx(small["value"].sum())
        assert published.loc[(rule, "(other)"), "new_customers_credit"] == pytest.approx(small["new_customers"].sum())
        assert published.loc[(rule, "(other)"), "buyers_count"] == 12


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
