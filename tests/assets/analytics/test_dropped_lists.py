"""Users who dropped out of a declared funnel as a list: the same people as in its table, consent and control group applied."""

from datetime import date

import pytest

from assets.analytics.declared_funnels import declared_funnels
from assets.dropped_lists import dropped_candidates, dropped_version
from assets.segments import _candidates, _list, why_nobody_may_be_addressed
from contracts.funnels import DroppedList, Funnel
from contracts.settings import Settings

DAY = 24 * 60
AS_OF = date(2024, 3, 9)  # day 0 of the shop is 4 March
FUNNEL = Funnel.model_validate(
    {"name": "buy", "steps": ["view", "cart", "purchase"], "window_days": 2, "entry_days": 3}
)
WANTED = DroppedList.model_validate({"segment": "cart_left", "funnel": "buy", "step": 2})


@pytest.fixture
def shop(make_shop):
    """Users 10 to 29 leave a cart, of whom even ones consent; 1 buys, 2 only looks, 3 does it too late, 9 is a visitor."""
    rows = [(key, minute, kind, 1) for key in (*range(10, 30), 9) for minute, kind in ((1, "view"), (2, "cart"))]
    rows += [(1, 1, "view", 1), (1, 2, "cart", 1), (1, 3, "purchase", 1), (2, 1, "view", 1)]
    rows += [(3, 3 * DAY, "view", 1), (3, 3 * DAY + 1, "cart", 1)]
    made = make_shop(rows)
    made.warehouse.connection.execute(
        "update core.users set marketing_consent = user_key % 2 = 0, consent_basis = 'opt_in'"
    )
    made.funnels = {"buy": FUNNEL}
    return made


def candidates(shop):
    return dropped_candidates(shop.warehouse, (FUNNEL,), WANTED, as_of=AS_OF, horizon_days=28)


def test_candidates_are_the_users_of_the_step_less_those_of_the_next(shop):
    shop.warehouse.connection.execute(
        "insert into score.user_value (user_id, as_of, horizon_days, expected_spend) values "
        "('u10', '2024-03-09', 28, 50), ('u11', '2024-03-08', 28, 70), ('u12', '2024-03-09', 90, 90)"
    )
    found = candidates(shop)
    assert found["user_id"].tolist() == [f"u{key}" for key in range(10, 30)]
    assert found["value_at_stake"].tolist() == [50.0, *[0.0] * 19]
    assert set(found["variant"]) == {"after_step_2"}
    table = declared_funnels(shop, AS_OF, people_at_least=1)
    users = table[table["dimension"] == "all"]["users_count"].tolist()
    assert users[1] - users[2] == len(found)


def test_the_list_has_consent_control_entry_and_expiry_like_others(shop):
    settings = Settings.model_validate({"funnels": (FUNNEL,), "dropped_lists": (WANTED,), "control_share": 0.4})
    warehouse = shop.warehouse
    warehouse.remember("horizons_days", "28")
    for segment in ("retention", "reactivation", "pricing"):
        warehouse.connection.execute(f"create table segment.{segment} (user_id varchar, as_of date)")
    warehouse.connection.execute("create table feature.user_features (as_of date)")
    found = list(_candidates(warehouse, AS_OF, settings))
    assert [source.segment for source in found] == ["retention", "reactivation", "pricing", "cart_left"]
    members, size = _list(warehouse, found[-1], AS_OF, settings)
    assert set(members["user_id"]) == {f"u{key}" for key in range(10, 30, 2)}
    assert (size["members_count"], size["lacking_consent_count"]) == (10, 10)
    held_out = int(members["is_control"].sum())
    assert size["control_count"] == held_out
    assert 0 < held_out < 10
    assert set(members["expires_at"]) == {date(2024, 3, 23)}
    assert set(members["reason_en"]) == {"left on the way to the goal"}
    assert set(members["segment_version"]) == {dropped_version((FUNNEL,), WANTED)}
    longer = FUNNEL.model_copy(update={"window_days": 3.0})
    assert dropped_version((longer,), WANTED) != dropped_version((FUNNEL,), WANTED)


def test_a_shop_that_knows_no_consent_is_told_what_to_do(shop):
    execute = shop.warehouse.connection.execute
    assert why_nobody_may_be_addressed(shop.warehouse, 1_200) == "all 1,200 candidates lack consent"
    execute("update core.users set marketing_consent = false")
    told = why_nobody_may_be_addressed(shop.warehouse, 1_200)
    assert told.startswith("all 1,200 candidates lack consent: no user of this shop has any")
    assert "column marketing_consent of users (docs/mapping.md)" in told
    execute("update core.users set marketing_consent = true where user_key = 10")
    assert why_nobody_may_be_addressed(shop.warehouse, 3) == "all 3 candidates lack consent"


def test_a_list_of_nobody_says_why(make_shop):
    shop = make_shop([(1, 1, "view", 1)])
    assert dropped_candidates(shop.warehouse, (FUNNEL,), WANTED, as_of=AS_OF, horizon_days=28).empty
