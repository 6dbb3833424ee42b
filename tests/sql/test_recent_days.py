"""What a sequence model reads knows no future: the days of every user, on whole sources and on sources cut at as_of."""

from contextlib import ExitStack

import numpy as np
import pytest

from assets.sequences import with_recent_days
from models.sequence_days import CHANNELS, RECENT_DAYS
from sql.analyses import load_analysis
from tests.sql.point_in_time import as_known_at, open_shop
from tests.sql.random_shop import BUSY_DAYS, random_shop

pytestmark = pytest.mark.slow

AS_OFS = list(BUSY_DAYS)[:2]
USERS = "select user_id from core.users order by user_id"


@pytest.fixture(scope="module")
def shops():
    shop = random_shop(20240201)
    with ExitStack() as stack:
        whole = stack.enter_context(open_shop(shop, seed=1))
        yield whole, {day: stack.enter_context(open_shop(as_known_at(shop, day), seed=2)) for day in AS_OFS}


def days_of(warehouse, users, as_of):
    return with_recent_days(warehouse, users, as_of)[RECENT_DAYS]


@pytest.mark.parametrize("as_of", AS_OFS, ids=str)
def test_rows_on_or_after_as_of_change_no_sequence(shops, as_of):
    whole, known = shops
    users = known[as_of].frame(USERS)
    pairs = list(zip(days_of(whole, users, as_of), days_of(known[as_of], users, as_of), strict=True))
    assert all(np.array_equal(left, right) for left, right in pairs)
    assert max(len(left) for left, _ in pairs) > 5


def test_every_channel_takes_several_values(shops):
    """A channel that is the same on every day could not show a leak."""
    whole, _ = shops
    days = np.concatenate(list(days_of(whole, whole.frame(USERS), AS_OFS[-1])))
    flat = [name for name, values in zip(CHANNELS, days.T, strict=True) if len(np.unique(values)) < 2]
    assert not flat


def test_a_question_that_looks_one_day_ahead_is_found(shops):
    whole, known = shops
    as_of = AS_OFS[-1]
    ahead = load_analysis("recent_days").sql.replace("< $as_of", "<= $as_of")
    rows = [
        shop.frame(ahead, {"as_of": as_of, "days_at_most": 48}).drop(columns="user_id")
        for shop in (whole, known[as_of])
    ]
    assert len(rows[0]) != len(rows[1])


def test_days_count_what_stood_then(shops):
    """Against a slow twin in plain SQL: order days by user, cancelled orders known before as_of left out."""
    whole, _ = shops
    as_of = AS_OFS[-1]
    mine = whole.frame(load_analysis("recent_days").sql, {"as_of": as_of, "days_at_most": 100_000})
    orders = whole.frame("select * from core.orders where kind = 'sale' and user_id is not null")
    users = set(whole.frame(USERS)["user_id"])
    kept = orders[orders["ordered_date"].dt.date < as_of]
    kept = kept[kept["cancelled_date"].isna() | (kept["cancelled_date"].dt.date >= as_of)]
    kept = kept[kept["user_id"].isin(users)]
    assert mine["orders_count"].sum() == len(kept) > 0
    assert (mine["days_ago"] >= 1).all()
    assert not mine.duplicated(["user_id", "days_ago"]).any()
