"""Ta Feng, whole: 817,741 lines of 32,266 customers, and revenue to the cent against pandas."""

import pandas as pd
import pytest

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture
def source(load_source, real_data):
    return load_source("ta_feng", real_data("ta_feng"))


@pytest.fixture
def raw(real_data):
    return pd.read_parquet(real_data("ta_feng") / "ta_feng.parquet")


def test_every_line_is_accounted_for(source, raw):
    nothing = {"updated": 0, "duplicate": 0, "excluded": 0, "quarantined": 0}
    counts = {"products": 23_812, "users": 32_266, "orders": 119_578, "order_items": 817_741}
    assert source.summary.rows == {
        name: {"staged": count, "loaded": count, **nothing} for name, count in counts.items()
    }
    assert len(raw.drop_duplicates(["customer_id", "transaction_dt"])) == 119_578
    assert (source.summary.rejected, source.summary.stopped, source.summary.notices) == (0, [], [])


@pytest.mark.parametrize("population", ["all", "identified"])
def test_every_month_equals_pandas_to_the_cent(source, raw, monthly, population):
    days = pd.to_datetime(raw["transaction_dt"])
    lines = pd.DataFrame(
        {
            "month": days.dt.strftime("%Y-%m"),
            "order": raw["customer_id"] + days.dt.strftime("%Y%m%d"),
            "user": raw["customer_id"],
            "amount": raw["sales_price"].astype(float),
            "discount": 0.0,
            "paid": True,
        }
    )
    pd.testing.assert_frame_equal(source.months(population), monthly(lines), check_dtype=False, check_names=False)
    assert len(source.months("guests")) == 0


def test_what_the_columns_mean(source, raw):
    """sales_price is a total: it grows with amount; so does asset, the cost."""
    several = raw[raw["amount"] > 1]
    often = several["product_id"].value_counts().head(50).index
    several = several[several["product_id"].isin(often)]
    for total in ("sales_price", "asset"):
        grouped = several.assign(piece=several[total] / several["amount"]).groupby("product_id")
        assert grouped["piece"].std().mean() * 20 < grouped[total].std().mean()
    cost = raw.groupby("product_id")[["asset", "amount"]].sum()
    expected = (cost["asset"] / cost["amount"]).round(4)
    stored = pd.Series(dict(source.rows("select product_id, cast(unit_cost as double) from bronze.products")))
    pd.testing.assert_series_equal(stored.sort_index(), expected.sort_index(), check_names=False, rtol=0, atol=2e-4)


def test_customers_have_one_age_group_and_one_area(source, raw):
    of_customer = raw.groupby("customer_id")
    assert (of_customer["age_group"].nunique().max(), of_customer["pin_code"].nunique().max()) == (1, 1)
    assert source.rows("select count(*), count(age_band), count(region), count(valid_from) from bronze.users") == [
        (32_266, int(of_customer["age_group"].first().notna().sum()), 32_266, 0)
    ]
