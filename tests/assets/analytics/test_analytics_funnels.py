"""Funnels from events in the warehouse: filters, products, visitors, orders, ranges, break-downs, the dropped."""

from datetime import date

import pytest

from assets.analytics import AnalysisError
from contracts.funnels import Funnel

BUY = Funnel.model_validate({"name": "buy", "steps": ["view", "cart", "purchase"]})
DAY = 24 * 60


def users(report):
    return report.frame["users_count"].tolist()


def test_steps_shares_and_times(make_shop):
    shop = make_shop(
        [
            (1, 0, "view", 1),
            (1, 5, "cart", 1),
            (1, 9, "purchase", 1),
            (2, 0, "view", 1),
            (2, 7, "cart", 2),
            (3, 0, "cart", 1),
        ]
    )
    report = shop.funnel(BUY)
    assert users(report) == [2, 2, 1]
    assert report.frame["first_share"].tolist() == [1.0, 1.0, 0.5]
    assert report.frame["convert_median_s"].tolist() == [0.0, 360.0, 540.0]  # 5 and 7 minutes; 9 minutes
    words = dict(report.heading)
    assert "view > cart > purchase" in words["definition"]
    assert "7 days" in words["window"]


def test_window_is_closed_at_its_end_and_reaches_past_the_range(make_shop):
    events = [
        (1, 0, "view", 1),
        (1, 7 * DAY, "cart", 1),
        (2, 0, "view", 1),
        (2, 7 * DAY + 1, "cart", 1),
        (3, 2 * DAY, "view", 1),
    ]
    shop = make_shop(events)
    two = Funnel.model_validate({"name": "two", "steps": ["view", "cart"]})
    assert users(shop.funnel(two, until_date=date(2024, 3, 5))) == [2, 1]
    assert users(shop.funnel(two, from_date=date(2024, 3, 5))) == [1, 0]


def test_held_product_exclusion_and_strict_order(make_shop):
    shop = make_shop(
        [(1, 0, "view", 1), (1, 1, "view", 2), (1, 2, "cart", 2), (2, 0, "view", 1), (2, 1, "cart", 2),
         (3, 0, "view", 1), (3, 1, "search", None), (3, 2, "cart", 1),
         (4, 0, "view", 1), (4, 1, "purchase", 1), (4, 2, "cart", 1)]
    )  # fmt: skip
    assert users(shop.funnel(BUY.model_copy(update={"steps": BUY.steps[:2]}))) == [4, 4]
    assert users(shop.funnel(BUY.model_copy(update={"steps": BUY.steps[:2], "hold_product": True}))) == [4, 3]
    assert users(shop.funnel(BUY.model_copy(update={"steps": BUY.steps[:2], "exclude": ("search",)}))) == [4, 3]
    assert users(shop.funnel(BUY.model_copy(update={"order": "strict"}))) == [4, 3, 0]
    assert users(shop.funnel(BUY.model_copy(update={"order": "any"}))) == [4, 4, 1]


def test_filters_visitors_and_orders(make_shop):
    events = [(1, 0, "view", 1, "app"), (1, 1, "cart", 1, "web"), (2, 0, "view", 1, "app"), (2, 1, "cart", 1, "app")]
    shop = make_shop([*events, (9, 0, "view", 1, "app")], [(1, 5), (2, 6)])
    steps = [{"event_types": ["view"]}, {"event_types": ["cart"], "channel": "app"}, "order"]
    funnel = Funnel.model_validate({"name": "app", "steps": steps})
    assert users(shop.funnel(funnel)) == [2, 1, 1]
    assert users(shop.funnel(funnel.model_copy(update={"population": "everybody"}))) == [3, 1, 1]


def test_break_downs_sum_to_the_whole_and_the_dropped_are_those_between(make_shop):
    events = (
        [(key, 0, "view", 1) for key in range(1, 7)]
        + [(key, 1, "cart", 1) for key in range(1, 5)]
        + [(1, 2, "purchase", 1)]
    )
    shop = make_shop(events, regions={1: "north", 2: "north", 3: "south"})
    whole, parts = shop.funnel(BUY), shop.funnel(BUY, by="region")
    assert parts.frame.groupby("step_number")["users_count"].sum().tolist() == users(whole) == [6, 4, 1]
    assert set(parts.frame["dimension_value"]) == {"north", "south", "unknown"}
    assert shop.dropped_users(BUY, 2).frame["user_id"].tolist() == ["u2", "u3", "u4"]
    assert shop.dropped_users(BUY, 1).frame["user_id"].tolist() == ["u5", "u6"]
    assert shop.dropped_users(BUY, 1).frame["marketing_consent"].tolist() == [False, False]  # missing is no


def test_parts_of_users_add_up(make_shop, monkeypatch):
    shop = make_shop([(key, minute, kind, 1) for key in range(1, 8) for minute, kind in enumerate(["view", "cart"])])
    monkeypatch.setattr("assets.analytics.funnels.EVENTS_PER_PART", 3)
    assert users(shop.funnel(BUY)) == [7, 7, 0]


def test_small_groups_are_blank_where_asked(make_shop):
    shop = make_shop([(key, 0, "view", 1) for key in range(10, 25)] + [(10, 1, "cart", 1)])
    report = shop.funnel(BUY).without_small_groups(10)
    assert report.frame["users_count"].isna().tolist() == [False, True, False]
    assert report.frame["first_share"].isna().tolist() == [False, True, False]
    assert report.frame["users_count"].tolist()[2] == 0


@pytest.mark.parametrize("ask, message", [
    (lambda shop: shop.funnel("nothing"), "no funnel 'nothing'"),
    (lambda shop: shop.funnel("purchase", by="shoe"), "cannot break down by 'shoe'"),
    (lambda shop: shop.funnel("purchase", from_date=date(2025, 1, 1)), "is empty"),
    (lambda shop: shop.dropped_users("purchase", 3), "after steps 1 to 2"),
])  # fmt: skip
def test_questions_that_have_no_answer_say_why(make_shop, ask, message):
    shop = make_shop([(1, 0, "view", 1)])
    with pytest.raises(AnalysisError, match=message):
        ask(shop)


def test_a_type_that_no_event_is_of_is_said(make_shop):
    shop = make_shop([(1, 0, "view", 1)])
    assert shop.funnel(BUY).notes == ("no event in the data is of type 'cart', 'purchase'; types are order, view",)
    assert shop.funnel(BUY).frame["dimension_value"].unique().tolist() == ["all"]
    with pytest.raises(AnalysisError, match="no event in the data is of type 'viev'"):
        shop.intervals("viev", "order")


def test_a_funnel_that_nobody_entered_is_that_of_all(make_shop):
    shop = make_shop([(1, 0, "cart", 1)])
    assert shop.funnel(BUY).frame[["dimension_value", "users_count"]].to_numpy().tolist() == [["all", 0]] * 3


def test_a_day_of_25_hours_is_no_longer_a_window(make_shop):
    """Windows are hours, not calendar days: 24 h are over an hour before the clock of a long day says so."""
    two = Funnel.model_validate({"name": "two", "steps": ["view", "cart"], "window_days": 1})
    shop = make_shop([(1, 0, "view", 1), (1, DAY, "cart", 1), (2, 0, "view", 1), (2, DAY + 60, "cart", 1)])
    assert users(shop.funnel(two)) == [2, 1]


@pytest.mark.slow
def test_a_user_with_100_000_events_beside_one_with_one(make_shop):
    shop = make_shop([(1, 0, "view", 1)])
    shop.warehouse.connection.execute("insert into bronze.user_keys values ('robot', 2, false)")
    shop.warehouse.connection.execute(
        "insert into bronze.users (user_id, registered_at, row_hash) values ('robot', timestamp '2024-03-04', '')"
    )
    shop.warehouse.connection.execute(
        "insert into bronze.events (user_key, occurred_at, activity_date, event_type, product_key) "
        "select 2, moment, cast(moment as date), "
        "case when n % 3 = 2 and n > 99000 then 'purchase' when n % 3 = 1 then 'cart' else 'view' end, 1 "
        "from (select n, timestamp '2024-03-04' + to_seconds(7 * n) as moment from range(100000) as t(n))"
    )
    assert users(shop.funnel(BUY)) == [2, 1, 1]
    strict = BUY.model_copy(update={"order": "strict"})
    assert users(shop.funnel(strict)) == [2, 1, 1]
    row = shop.funnel(BUY).frame.iloc[2]
    # n = 99002 is the first purchase; 99001 is a cart and 99000 a view: the latest entry that leads to it is 14 s before
    assert row["convert_median_s"] == 14.0
