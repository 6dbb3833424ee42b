"""The five stories planted in Retentioneering's simulated shop, found with the reports that a growth team would ask.

The stories and their dates are those that the package documents for the data set (PyPI retentioneering, Apache-2.0). Its
lifecycle of a session stands in the events' channel here, its registration month in the users' region.
"""

from contextlib import ExitStack
from datetime import date

import pandas as pd
import pytest

from assets.analytics import Shop
from assets.warehouse import open_in_memory
from contracts.funnels import Funnel
from sql.queries import load_queries

pytestmark = [pytest.mark.real, pytest.mark.slow]
VIRAL = {"from_date": date(2024, 2, 29), "until_date": date(2024, 3, 4)}
BUG = {"from_date": date(2024, 4, 9), "until_date": date(2024, 5, 10)}
PAYMENT = {"from_date": date(2024, 5, 19), "until_date": date(2024, 6, 9)}
BEFORE = {"until_date": date(2024, 2, 29)}
CALM = {"from_date": date(2024, 3, 4), "until_date": date(2024, 4, 9)}
END = {"from_date": date(2024, 6, 9)}


@pytest.fixture(scope="module")
def shop():
    from tests.conftest import REAL_DATA

    folder = REAL_DATA / "retentioneering_ecom"
    if not folder.exists():
        pytest.skip(f"{folder} is not there; set TRELLIS_REAL_DATA to the folder that holds the real data")
    raw = pd.read_csv(folder / "ecom.csv.gz", parse_dates=["timestamp"])
    raw["user_key"] = pd.factorize(raw["user_id"])[0]
    users = raw.drop_duplicates("user_id")
    assert len(users) < len(raw)
    with ExitStack() as stack:
        warehouse = stack.enter_context(open_in_memory())
        run = warehouse.connection.execute
        warehouse.connection.register("raw_events", raw)
        warehouse.connection.register("raw_users", users)
        run("insert into bronze.user_keys by name select user_id, user_key, false as is_anonymous from raw_users")
        run(
            "insert into bronze.users by name select user_id, user_cohort as region, acquisition_channel, "
            "timestamp as registered_at, '' as row_hash from raw_users"
        )
        run(
            "insert into bronze.events by name select user_key, timestamp as occurred_at, event as event_type, "
            "cast(timestamp as date) as activity_date, user_lifecycle as channel, platform as device from raw_events"
        )
        span = {"from_date": date(2024, 1, 1), "until_date": date(2025, 1, 1)}
        for query in load_queries().values():
            if query.layer == "core" or query.name in {"event_transition_day", "session_day"}:
                warehouse.build(query, span if query.kind == "incremental" else {})
        yield Shop(warehouse)


def follows(shop, first, second, **span):
    """Share of the transitions out of one event that lead to the other."""
    frame = shop.paths(top=99, **span).frame
    found = frame[(frame["from_event"] == first) & (frame["to_event"] == second)]["share"]
    return float(found.iloc[0]) if len(found) else 0.0


def converts(shop, *steps, by="all", **span):
    """Share of the users with an entry who complete, by group."""
    funnel = Funnel.model_validate({"name": "asked", "steps": list(steps), "window_days": 1 / 12})
    frame = shop.funnel(funnel, by=by, **span).frame
    return frame[frame["step_number"] == len(steps)].set_index("dimension_value")["first_share"].to_dict()


def test_sessions_and_events_are_all_there(shop):
    days = shop.sessions().frame
    assert (days["sessions_count"].sum(), days["events_count"].sum()) == (3_605, 31_106)
    assert shop.paths(top=99).frame.query("from_event == '(start)'")["transitions_count"].sum() == 3_605


def test_story_1_readers_of_the_viral_article_do_not_buy(shop):
    viral, calm = (converts(shop, "product_view", "add_to_cart", **span)["all"] for span in (VIRAL, CALM))
    assert viral < 0.5 * calm  # .15 against .35
    assert follows(shop, "search", "search", **VIRAL) > follows(shop, "search", "search", **CALM)


def test_story_2_the_back_button_sends_phones_round_in_a_circle(shop):
    def onwards(device, **span):
        steps = [{"event_types": [kind], "device": device} for kind in ("shipping_details", "payment_details")]
        return converts(shop, *steps, **span)["all"]

    assert onwards("mobile", **BUG) < 0.6 * min(onwards("mobile", **CALM), onwards("mobile", **END))  # .27, .56, .61
    assert onwards("desktop", **BUG) > 0.9 * min(onwards("desktop", **CALM), onwards("desktop", **END))
    assert [follows(shop, "shipping_details", "checkout_bug", **span) for span in (CALM, END)] == [0.0, 0.0]
    around = shop.step_matrix(anchor="checkout_bug", steps=2, **BUG).frame
    assert around.query("step == 1").iloc[0]["event_type"] == "add_to_cart"


def test_story_3_the_payment_provider_fails(shop):
    pays = [converts(shop, "payment_details", "purchase", **span)["all"] for span in (PAYMENT, CALM, END)]
    assert pays[0] < 0.5 * min(pays[1:])  # .21, .55, .5
    errors = [follows(shop, "payment_details", "payment_error", **span) for span in (PAYMENT, CALM, END)]
    assert errors[0] > 0.1
    assert errors[1:] == [0.0, 0.0]
    chats = [
        shop.paths(top=99, **span).frame.query("to_event == 'support_chat'")["transitions_count"].sum()
        for span in (PAYMENT, END)
    ]
    assert chats[0] > 1.5 * chats[1]  # 21 days against 22


def test_story_4_new_users_look_and_loyal_ones_buy(shop):
    def of(life, *kinds):
        return converts(shop, *({"event_types": [kind], "channel": life} for kind in kinds))["all"]

    assert of("new", "product_view", "add_to_cart") < 0.6 * of("loyal", "product_view", "add_to_cart")  # .31, .60
    assert of("new", "product_view", "purchase") < 0.7 * of("loyal", "product_view", "purchase")


def test_story_5_in_april_the_january_cohort_buys_and_the_april_cohort_looks(shop):
    april = converts(
        shop, "product_view", "add_to_cart", by="region", from_date=date(2024, 4, 1), until_date=date(2024, 5, 1)
    )
    assert april["2024-04"] < 0.75 * april["2024-01"]  # .34 against .54
