"""Olist (sample), whole: nine linked tables, of which six are read; revenue to the cent against pandas."""

import pandas as pd
import pytest

pytestmark = pytest.mark.real
STATUS = {"created": "placed", "approved": "paid", "invoiced": "paid", "processing": "paid", "canceled": "cancelled",
          "unavailable": "cancelled", "shipped": "shipped", "delivered": "delivered"}  # fmt: skip
UNPAID = ("created", "canceled", "unavailable")


@pytest.fixture
def source(load_source, real_data):
    return load_source("olist", real_data("olist_sample"))


@pytest.fixture
def table(real_data):
    return lambda name: pd.read_csv(real_data("olist_sample") / f"olist_{name}_dataset.csv")


def test_every_row_is_accounted_for(source):
    nothing = {"updated": 0, "duplicate": 0, "excluded": 0, "quarantined": 0}
    counts = {"products": 5_460, "users": 8_016, "orders": 8_135, "order_items": 8_365, "feedback": 8_225}
    assert source.summary.rows == {
        name: {"staged": count, "loaded": count, **nothing} for name, count in counts.items()
    }
    assert (source.summary.rejected, source.summary.stopped) == (0, [])
    assert [text.split(":")[0] for text in source.summary.notices if "read by no landing table" in text] == [
        "olist_geolocation_dataset.csv", "olist_order_payments_dataset.csv", "olist_sellers_dataset.csv"
    ]  # fmt: skip


@pytest.mark.parametrize("population", ["all", "identified"])
def test_every_month_equals_pandas_to_the_cent(source, table, monthly, population):
    orders = table("orders").merge(table("customers"), on="customer_id", validate="1:1")
    items = table("order_items").merge(orders, on="order_id", validate="m:1")
    lines = pd.DataFrame(
        {
            "month": items["order_purchase_timestamp"].str[:7],
            "order": items["order_id"],
            "user": items["customer_unique_id"],
            "amount": items["price"],
            "discount": 0.0,
            "paid": ~items["order_status"].isin(UNPAID),
        }
    )
    pd.testing.assert_frame_equal(source.months(population), monthly(lines), check_dtype=False, check_names=False)


def test_states_and_times_of_orders(source, table):
    orders = table("orders")
    stored = dict(source.rows("select status, count(*) from bronze.orders group by 1"))
    assert stored == orders["order_status"].map(STATUS).value_counts().to_dict()
    dates = source.rows(
        "select order_id, cast(delivered_date as varchar) from bronze.orders where delivered_date is not null"
    )
    arrived = (
        orders.dropna(subset="order_delivered_customer_date")
        .set_index("order_id")["order_delivered_customer_date"]
        .str[:10]
    )
    assert dict(dates) == arrived.to_dict()
    freight = round(table("order_items")["freight_value"].sum(), 2)
    assert float(source.rows("select sum(shipping_fee) from bronze.orders")[0][0]) == freight


def test_reviews_are_dated_by_their_answer_and_told_apart_by_order(source, table):
    reviews = table("order_reviews")
    assert reviews["review_id"].duplicated().sum() == 34
    assert not reviews.duplicated(["review_id", "order_id"]).any()
    stored = source.rows(
        "select feedback_id, cast(created_date as varchar), cast(score as integer) from bronze.feedback"
    )
    expected = zip(
        reviews["review_id"] + "-" + reviews["order_id"], reviews["review_answer_timestamp"].str[:10], reviews["review_score"],
        strict=True,
    )  # fmt: skip
    assert sorted(stored) == sorted(expected)
    silent = reviews["review_comment_title"].isna() & reviews["review_comment_message"].isna()
    kinds = dict(source.rows("select kind, count(*) from bronze.feedback group by 1"))
    assert kinds == {"rating": int(silent.sum()), "review": int((~silent).sum())}


def test_people_are_told_apart_by_their_unique_id(source, table):
    people = table("customers")
    assert people["customer_unique_id"].nunique() == 8_016
    repeat = "select count(*) from (select user_id from bronze.orders group by 1 having count(*) > 1)"
    expected = int((people["customer_unique_id"].value_counts() > 1).sum())
    assert source.rows(repeat) == [(expected,)]


def test_categories_are_english_where_there_is_a_word(source):
    odd = source.rows("""
        select category, count(*) from bronze.products
        where category in ('portateis_cozinha_e_preparadores_de_alimentos', 'pc_gamer', 'beleza_saude')
        group by 1 order by 1
    """)
    assert [name for name, _ in odd] == ["pc_gamer", "portateis_cozinha_e_preparadores_de_alimentos"]
    assert source.rows("select count(*) from bronze.products where category is null") == [(111,)]
