"""Hours of the shop's clock, daily series, baskets and profiles, on a small shop counted by hand."""

import pandas as pd
import pytest

from assets.analytics import AnalysisError

DAY = 24 * 60


def test_hours_are_those_of_the_shops_clock_over_a_clock_change(make_shop):
    # 30 March 2024, 23:30 UTC is 23:30 in London; 31 March, 23:30 UTC is 00:30 there on 1 April
    shop = make_shop([(1, 26 * DAY + 1_410, "view", 1), (1, 27 * DAY + 1_410, "view", 1), (2, 0, "push_open", 1)])
    shop.warehouse.remember("time_zone", "Europe/London")
    frame = shop.rhythm().frame
    assert frame["hour_of_day"].tolist() == [23, 0]
    assert frame["events_share"].sum() == pytest.approx(1)


def test_rhythm_by_group_sums_to_the_whole(make_shop):
    events = [(user, 61 * user + hour * 60, "view", 1) for user in (1, 2, 3) for hour in range(5)]
    shop = make_shop(events, regions={1: "north", 2: "south"})
    assert shop.rhythm(by="region").frame["events_count"].sum() == shop.rhythm().frame["events_count"].sum() == 15
    with pytest.raises(AnalysisError, match="cannot break down by 'mood'"):
        shop.rhythm(by="mood")


@pytest.mark.slow
def test_trend_counts_every_day_and_says_what_is_too_short(make_shop):
    shop = make_shop([(1, n * DAY, "view", 1) for n in range(35) if n % 7], [(1, 40)])
    frame = shop.trend("active_users", days_ahead=3).frame
    assert len(frame) == 35 + 3
    assert frame["value"].sum() == 30 + 1  # the order is activity too
    with pytest.raises(AnalysisError, match="orders: 7 days; a weekly season needs at least 28"):
        shop.trend("orders", until_date=shop.bounds()[0].replace(day=11))


@pytest.mark.slow
def test_calendar_effects_of_a_series(make_shop):
    shop = make_shop([(user, n * DAY, "view", 1) for n in range(84) for user in (1, 2, 3)[: 1 if n % 7 == 6 else 3]])
    report = shop.calendar("active_users")
    weekdays = report.frame[report.frame["effect"] == "weekday"].set_index("level")["index"]
    # Sundays 1 user, other days 3; around every day stand four Sundays and 24 others: a level of 76 / 28
    assert weekdays["7"] == pytest.approx(28 / 76)
    assert weekdays["1"] == pytest.approx(3 * 28 / 76)
    with pytest.raises(AnalysisError, match="orders: 14 days; effects of the calendar need at least 56"):
        shop.calendar("orders", until_date=shop.bounds()[0].replace(day=18))
    with pytest.raises(AnalysisError, match="there is no series 'likes'"):
        shop.calendar("likes")


def test_baskets_are_paid_orders(make_shop):
    shop = make_shop([], [(user, minute) for user in (1, 2) for minute in range(5)])
    shop.warehouse.connection.execute(
        "insert into core.order_items by name select * replace (9 as line_number, 'p5' as product_id) from core.order_items "
        "where product_id <> 'p5'"
    )
    report = shop.baskets(baskets_at_least=2, confidence="0.25")
    assert dict(report.heading)["denominator"].startswith("10 baskets;")
    found = report.frame.set_index(["antecedent", "consequent"])["baskets_count"].to_dict()
    assert found[("p1", "p5")] == 2
    assert set(report.frame["people_count"]) == {2}  # of two buyers one basket each
    assert report.without_small_groups(10).frame["baskets_count"].isna().all()
    assert ("p5", "p1") not in found  # 2 of 10 is less than 0.25
    with pytest.raises(AnalysisError, match="confidence 'high'"):
        shop.baskets(confidence="high")


@pytest.mark.slow
def test_profiles_sum_to_everybody(make_shop):
    shop = make_shop(
        [(1, 0, "view", 1), (2, 0, "view", 1), (3, 0, "push_open", 1)],
        [(1, 5), (1, 9)],
        regions={1: "north", 2: "north"},
    )
    frame = shop.profile("region").frame.set_index("attribute_value")
    assert frame["users_count"].to_dict() == {"north": 2, "unknown": 1}
    assert frame.loc["north", ["active_users_count", "buyers_count", "orders_count"]].tolist() == [2, 1, 2]
    assert frame.loc["north", "net_amount_mean"] == pytest.approx(15)  # 10 + 20 over 2 users
    # spends 30 and 0: a resampled mean is 0, 15 or 30, each end a quarter of the times
    assert frame.loc["north", ["net_amount_mean_low", "net_amount_mean_high"]].tolist() == [0, 30]
    assert pd.isna(frame.loc["unknown", "net_amount_mean_low"])
    assert frame.loc["unknown", "active_share"] == 0
    with pytest.raises(AnalysisError, match="no attribute 'shoe'"):
        shop.profile("shoe")
    everything = shop.profile("all").frame
    assert everything.groupby("attribute")["users_count"].sum().tolist() == [3] * 8


def test_bands_stand_in_their_own_order_and_other_values_by_users(make_shop):
    shop = make_shop([(key, 0, "view", 1) for key in range(1, 8)], regions={1: "north", 2: "south", 3: "south"})
    bands = ["35-44", "65+", "100-124K", "Under 15K", "15-24K", "any", None]
    for key, band in enumerate(bands, 1):
        shop.warehouse.connection.execute(f"update core.users set age_band = $1 where user_key = {key}", [band])
    ordered = ["Under 15K", "15-24K", "35-44", "65+", "100-124K", "any", "unknown"]
    assert shop.profile("age_band").frame["attribute_value"].tolist() == ordered
    assert shop.profile("region").frame["attribute_value"].tolist() == ["unknown", "south", "north"]


def test_large_groups_have_the_normal_interval(make_shop):
    shop = make_shop([(1, 0, "view", 1)], [(1, 5)], regions={1: "north"})
    shop.warehouse.connection.execute(
        "insert into core.users by name "
        "select 'n' || range as user_id, 100 + range as user_key, 'north' as region from range(2000)"
    )
    row = shop.profile("region").frame.iloc[0]
    # one spend of 10 among 2,001 users
    half = 1.959963984540054 * ((100 - 2001 * (10 / 2001) ** 2) / 2000 / 2001) ** 0.5
    assert (row["users_count"], row["net_amount_mean_high"] - row["net_amount_mean"]) == (2001, pytest.approx(half))


def test_further_attributes_are_keys_of_json(make_shop):
    shop = make_shop([(1, 0, "view", 1), (2, 0, "view", 1)])
    shop.warehouse.connection.execute("""update core.users set attributes = '{"plan": "gold"}' where user_id = 'u1'""")
    frame = shop.profile("attributes.plan").frame
    assert dict(zip(frame["attribute_value"], frame["users_count"], strict=True)) == {"gold": 1, "unknown": 1}
    with pytest.raises(AnalysisError, match="users have no attribute"):
        shop.profile('attributes.a"b')
