"""Online Retail, whole: what becomes of each of its 541,909 lines, and revenue to the cent against pandas.

The file is bundled in examples/, so this runs everywhere.
"""

from functools import cache
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.slow  # other sources of the same kind are taken in by plain pytest
FOLDER = Path(__file__).parents[3] / "examples" / "online_retail"


@cache
def raw() -> pd.DataFrame:
    return pd.read_parquet(FOLDER / "online_retail_2010_2011.parquet")


@cache
def lines() -> pd.DataFrame:
    """Lines that are sales or returns, in the columns that `monthly` wants."""
    frame = raw()
    bookkeeping = frame["InvoiceNo"].str.startswith("A")
    correction = (frame["UnitPrice"] == 0) & frame["CustomerID"].isna()
    kept = frame[~bookkeeping & ~correction]
    return pd.DataFrame(
        {
            "month": kept["InvoiceDate"].dt.strftime("%Y-%m"),
            "order": kept["InvoiceNo"],
            "user": kept["CustomerID"],
            "amount": kept["Quantity"] * kept["UnitPrice"],
            "discount": 0.0,
            "paid": True,
        }
    )


@pytest.fixture
def source(load_source):
    return load_source("online_retail", FOLDER)


def test_every_line_is_accounted_for(source):
    rows = source.summary.rows
    nothing = {"updated": 0, "duplicate": 0, "quarantined": 0}
    assert rows["order_items"] == {"staged": 541_909, "loaded": 539_431, "excluded": 2_478, **nothing}
    assert rows["orders"] == {"staged": 23_799, "loaded": 23_799, "excluded": 0, **nothing}
    assert rows["users"] == {"staged": 4_372, "loaded": 4_372, "excluded": 0, **nothing}
    assert rows["products"] == {"staged": 3_948, "loaded": 3_948, "excluded": 0, **nothing}
    assert (source.summary.rejected, source.summary.stopped, source.summary.notices) == (0, [], [])
    assert sorted(source.rows("select reason, rows_count from bronze.exclusions")) == [
        ("bookkeeping entry (bad debt), not a sale", 3),
        ("stock correction without price or customer", 2_475),
    ]


@pytest.mark.parametrize("population", ["all", "identified", "guests"])
def test_every_month_equals_pandas_to_the_cent(source, monthly, population):
    frame = lines()
    chosen = {"all": frame, "identified": frame[frame["user"].notna()], "guests": frame[frame["user"].isna()]}[
        population
    ]
    pd.testing.assert_frame_equal(source.months(population), monthly(chosen), check_dtype=False, check_names=False)


def test_the_totals_of_the_page(source):
    months = {name: source.months(name).sum() for name in ("all", "identified", "guests")}
    assert (months["all"]["gross"], months["all"]["returned"], months["all"]["net"]) == (
        1_065_562_248,
        89_681_249,
        975_880_999,
    )
    assert (months["identified"]["gross"], months["identified"]["returned"]) == (891_140_790, 61_134_209)
    assert round(months["guests"]["net"] / months["all"]["net"], 3) == 0.149
    assert source.rows("select kind, count(*), count(user_id) from core.orders group by kind order by kind") == [
        ("return", 3_836, 3_654), ("sale", 19_963, 18_536)
    ]  # fmt: skip


def test_no_order_is_without_lines_and_no_line_without_order(source):
    lonely = "select count(*) from bronze.{} where order_id not in (select order_id from bronze.{})"
    assert source.rows(lonely.format("orders", "order_items")) == [(0,)]
    assert source.rows(lonely.format("order_items", "orders")) == [(0,)]
    assert source.rows("select count(distinct (order_id, line_number)) from bronze.order_items") == [(539_431,)]
    # a line that is repeated in the export was bought twice: 5,268 of them are kept
    assert raw().duplicated().sum() == 5_268


def test_products_are_products(source):
    unnamed, foreign = source.rows(
        "select count(*) filter (where product_id is null), count(*) filter (where product_id in "
        "('POST', 'M', 'D', 'DOT', 'C2', 'S', 'B', 'CRUK', 'AMAZONFEE', 'BANK CHARGES')) from core.order_items"
    )[0]
    codes = raw()["StockCode"]
    charges = ["POST", "M", "m", "D", "DOT", "C2", "S", "CRUK", "AMAZONFEE", "BANK CHARGES"]
    free = (raw()["UnitPrice"] == 0) & raw()["CustomerID"].isna()
    assert (unnamed, foreign) == (int((codes.isin(charges) & ~free).sum()), 0)
    known = source.rows(
        "select count(*) from core.order_items where product_id not in (select product_id from bronze.products)"
    )
    assert known == [(0,)]


def test_users_are_customers_with_consent_by_the_operator(source):
    assert source.rows("""
        select count(*), count(distinct user_id), bool_and(marketing_consent), min(consent_basis), max(consent_basis)
        from bronze.users
    """) == [(4_372, 4_372, True, "research_data", "research_data")]
    first = raw().dropna(subset="CustomerID").groupby("CustomerID")["InvoiceDate"].min().dt.strftime("%Y-%m-%d")
    stored = source.rows("select user_id, cast(registered_date as varchar) from bronze.users")
    assert dict(stored) == {str(user): day for user, day in first.items()}
