"""The declared funnels of an as_of: entries with a closed window only, nothing from as_of on, groups that sum to the whole."""

from datetime import date

from assets.analytics.declared_funnels import declared_funnels, entry_range
from contracts.funnels import Funnel

DAY = 24 * 60
TWO = Funnel.model_validate({"name": "two", "steps": ["view", "cart"], "window_days": 2, "entry_days": 3})
AS_OF = date(2024, 3, 9)  # day 0 of the shop is 4 March, a Monday


def test_entries_end_a_window_before_as_of():
    assert entry_range(TWO, AS_OF) == (date(2024, 3, 4), date(2024, 3, 7))


def test_entries_outside_the_range_and_steps_from_as_of_on_do_not_count(make_shop):
    shop = make_shop([
        (1, 3 * DAY - 1, "view", 1), (1, 5 * DAY - 2, "cart", 1),   # the last minute of the range, and of the window
        (2, 3 * DAY, "view", 1), (2, 3 * DAY + 1, "cart", 1),       # entered on 7 March: the window is open
        (3, -1, "view", 1), (3, 5, "cart", 1),                      # entered before the range
        (4, 0, "view", 1), (4, 5 * DAY, "cart", 1),                 # too late, and on as_of
    ])  # fmt: skip
    shop.funnels = {"two": TWO}
    rows = declared_funnels(shop, AS_OF, people_at_least=1)
    assert rows[rows["dimension"] == "all"]["users_count"].tolist() == [2, 1]
    assert set(rows["funnel"]) == {"two"}
    assert "Entries 2024-03-04 to 2024-03-06, all steps within 2 days" in rows["funnel_definition"].iloc[0]


def test_groups_sum_to_the_whole_and_no_row_repeats(make_shop):
    events = [
        (key, minute, kind, 1) for key in (1, 2, 3) for minute, kind in enumerate(["view", "cart"][: key % 2 + 1])
    ]
    shop = make_shop(events, regions={1: "north"}, channels={2: "ads"})
    shop.funnels = {"two": TWO}
    rows = declared_funnels(shop, AS_OF, people_at_least=1)
    for dimension in ("channel", "region", "persona"):
        own = rows[rows["dimension"] == dimension]
        assert own.groupby("step_number")["users_count"].sum().tolist() == [3, 2]
    assert not rows.duplicated(["funnel", "dimension", "dimension_value", "step_number"]).any()


def test_a_shop_without_events_has_rows_about_nobody(make_shop):
    rows = declared_funnels(make_shop([]), AS_OF, people_at_least=10)
    assert set(rows["dimension"]) == {"all"}
    assert rows["users_count"].tolist() == [0] * 9
    assert rows["first_share"].isna().all()


def test_small_groups_stand_together_and_take_the_next_smallest_with_them(make_shop):
    regions = dict(enumerate("aaaaabbbccd", start=10))
    shop = make_shop([(key, 0, "view", 1) for key in regions], regions=regions)
    shop.funnels = {"two": TWO}
    for people_at_least, wanted in ((2, {"a": 5, "b": 3, "(other)": 3}), (3, {"a": 5, "b": 3, "(other)": 3}),
                                    (4, {"a": 5, "(other)": 6}), (6, {"(other)": 11})):  # fmt: skip
        rows = declared_funnels(shop, AS_OF, people_at_least=people_at_least)
        own = rows[(rows["dimension"] == "region") & (rows["step_number"] == 1)]
        assert dict(zip(own["dimension_value"], own["users_count"], strict=True)) == wanted
