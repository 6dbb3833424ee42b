"""Each rule of each contract lets a good value pass and refuses a bad one, and so does the type of each column.

A rule without an example fails `test_every_rule_has_examples`; a rule that is deleted or weakened fails its own examples.
"""

from datetime import datetime

import duckdb
import pytest

from assets.ingest.contract_sql import checked_select
from contracts.contract import SourceContract
from contracts.sources import SOURCES

RECEIVED_AT = datetime.fromisoformat("2024-06-01")
BASE: dict[str, dict[str, str | None]] = {
    "exchange_rates": {"rate_date": "2024-05-01", "currency": "USD", "rate": "7.1"},
    "products": {"product_id": "p1"},
    "users": {"user_id": "u1", "registered_at": "2024-05-01 10:00:00"},
    "events": {"event_id": "e1", "occurred_at": "2024-05-01 10:00:00", "event_type": "view", "user_id": "u1"},
    "orders": {
        "order_id": "o1", "ordered_at": "2024-05-01 10:00:00", "user_id": "u1", "kind": "sale", "status": "paid",
        "currency": "CNY",
    },
    "order_items": {"order_id": "o1", "line_number": "1", "line_amount": "20", "quantity": "2"},
    "feedback": {"feedback_id": "f1", "user_id": "u1", "created_at": "2024-05-01 10:00:00", "kind": "rating", "score": "4"},
    "campaigns": {"campaign_id": "c1", "first_date": "2024-05-01", "last_date": "2024-07-01"},
    "campaign_contacts": {"campaign_id": "c1", "user_id": "u1", "contacted_at": "2024-05-01 10:00:00"},
    "coupons": {"coupon_id": "k1", "campaign_id": "c1", "product_id": "p1"},
    "coupon_redemptions": {
        "redemption_id": "r1", "user_id": "u1", "coupon_id": "k1", "redeemed_at": "2024-05-01 10:00:00",
    },
    "promotions": {
        "product_id": "p1", "place": "web", "first_date": "2024-05-01", "last_date": "2024-07-01", "kind": "mailer",
    },
    "marketing_costs": {
        "cost_date": "2024-05-01", "channel": "ads", "campaign_id": "none", "amount": "20", "currency": "CNY",
    },
}  # fmt: skip
FUTURE, PAST = "2024-06-02 00:00:00", "2024-04-29 09:00:00"
NOW = "2024-06-01 07:59:59"
RETURN = {"line_amount": "-20", "quantity": "-2"}
# (contract, rule) -> values that pass, values that are refused, each laid over BASE
EXAMPLES: dict[tuple[str, str], tuple[list[dict], list[dict]]] = {
    ("exchange_rates", "rate_positive"): (
        [{"rate": "0.01"}], [{"rate": "0"}, {"rate": "-1"}, {"rate": "NaN"}, {"rate": "inf"}],
    ),
    ("products", "list_price_not_negative"): ([{"list_price": "0"}, {"list_price": None}], [{"list_price": "-0.01"}]),
    ("products", "unit_cost_not_negative"): ([{"unit_cost": "0"}], [{"unit_cost": "-1"}]),
    ("users", "registered_at_not_in_future"): ([{"registered_at": NOW}], [{"registered_at": FUTURE}]),
    ("users", "valid_from_not_in_future"): ([{"valid_from": NOW}, {"valid_from": None}], [{"valid_from": FUTURE}]),
    ("users", "birth_date_plausible"): (
        [{"birth_date": "1900-01-01"}, {"birth_date": "2024-06-01"}], [{"birth_date": "2024-06-02"}],
    ),
    ("users", "attributes_json"): ([{"attributes": '{"a": 1}'}], [{"attributes": "{a"}]),
    ("users", "not_invited_by_self"): ([{"invited_by": "u2"}], [{"invited_by": "u1"}]),
    ("events", "occurred_at_not_in_future"): ([{"occurred_at": NOW}], [{"occurred_at": FUTURE}]),
    ("events", "has_actor"): ([{"user_id": None, "anonymous_id": "a"}], [{"user_id": None}, {"user_id": " "}]),
    ("events", "properties_json"): ([{"properties": "[1]"}], [{"properties": "x"}]),
    ("orders", "ordered_at_not_in_future"): ([{"ordered_at": NOW}], [{"ordered_at": FUTURE}]),
    ("orders", "kind_known"): ([{"kind": "return"}], [{"kind": "Sale"}, {"kind": "gift"}]),
    ("orders", "status_known"): (
        [{"status": status} for status in (
            "placed", "paid", "shipped", "delivered", "completed", "cancelled", "returned", "unknown")],
        [{"status": "open"}],
    ),
    ("orders", "shipping_fee_not_negative"): ([{"shipping_fee": "0"}], [{"shipping_fee": "-0.0001"}]),
    ("orders", "shipped_after_order"): ([{"shipped_at": "2024-04-30 10:00:00"}], [{"shipped_at": PAST}]),
    ("orders", "delivered_after_order"): ([{"delivered_at": "2024-05-03"}], [{"delivered_at": PAST}]),
    ("order_items", "line_number_positive"): ([{"line_number": "1"}], [{"line_number": "0"}]),
    ("order_items", "sale_not_negative"): ([RETURN, {"line_amount": "0"}], [{"line_amount": "-1"}]),
    ("order_items", "return_not_positive"): ([{**RETURN, "line_amount": "0"}], [{**RETURN, "line_amount": "1"}]),
    ("order_items", "unit_price_not_negative"): ([{"unit_price": "0"}], [{"unit_price": "-1"}]),
    ("order_items", "list_price_not_negative"): ([{"list_price": "9"}], [{"list_price": "-9"}]),
    ("order_items", "discount_within_line"): ([{"discount": "3"}, {**RETURN, "discount": "-3"}], [{"discount": "-3"}]),
    ("order_items", "discount_at_most_line"): (
        [{"discount": "20.01"}, {**RETURN, "discount": "-1"}], [{"discount": "20.02"}],
    ),
    ("order_items", "refunded_amount_not_negative"): (
        [{"refunded_amount": "0"}], [{"refunded_amount": "-1", "refunded_at": "2024-05-02"}],
    ),
    ("order_items", "refund_within_line"): (
        [{"refunded_amount": "20", "refunded_at": "2024-05-02"}, {**RETURN, "refunded_amount": "0"}],
        [{"refunded_amount": "20.01", "refunded_at": "2024-05-02"}],
    ),
    ("order_items", "refund_dated"): (
        [{"refunded_amount": "5", "refunded_at": "2024-05-02"}, {"refunded_amount": "0"}], [{"refunded_amount": "5"}],
    ),
    ("feedback", "created_at_not_in_future"): ([{"created_at": NOW}], [{"created_at": FUTURE}]),
    ("feedback", "kind_known"): (
        [{"kind": kind} for kind in ("rating", "review", "complaint", "suggestion", "csat", "nps")], [{"kind": "praise"}],
    ),
    ("feedback", "score_finite"): ([{"score": "-2.5"}, {"score": None}], [{"score": "inf"}, {"score": "nan"}]),
    ("feedback", "answered_later"): ([{"first_response_at": "2024-05-01 09:00:00"}], [{"first_response_at": PAST}]),
    ("feedback", "resolved_later"): ([{"resolved_at": "2024-05-04"}], [{"resolved_at": PAST}]),
    ("campaigns", "ends_after_it_begins"): ([{"last_date": "2024-05-01"}], [{"last_date": "2024-04-30"}]),
    ("coupon_redemptions", "redeemed_at_not_in_future"): ([{"redeemed_at": NOW}], [{"redeemed_at": FUTURE}]),
    ("promotions", "ends_after_it_begins"): ([{"last_date": "2024-05-01"}], [{"last_date": "2024-04-30"}]),
    ("promotions", "unit_price_not_negative"): ([{"unit_price": "0"}], [{"unit_price": "-0.01"}]),
    ("promotions", "list_price_not_negative"): ([{"list_price": "0"}], [{"list_price": "-0.01"}]),
    ("marketing_costs", "amount_not_negative"): ([{"amount": "0"}], [{"amount": "-0.01"}]),
    ("marketing_costs", "cost_date_not_in_future"): ([{"cost_date": "2024-06-02", "currency": "CNY"}],
                                                     [{"cost_date": "2024-06-03", "currency": "CNY"}]),
}  # fmt: skip
RULES = [(contract.name, rule.name) for contract in SOURCES.values() for rule in contract.rules]


@pytest.fixture(scope="module")
def engine():
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'Asia/Shanghai'")
    connection.execute("attach ':memory:' as warehouse")
    connection.execute("create schema warehouse.bronze")
    connection.execute("create table warehouse.bronze.exchange_rates (rate_date date, currency varchar, rate double)")
    connection.execute("insert into warehouse.bronze.exchange_rates values ('2024-05-01', 'USD', 7.1)")
    return connection


def judged(engine, contract: SourceContract, values: dict[str, object], columns: str = "*") -> dict[str, object]:
    """Return the typed row with its `_fault`, as ingest makes it from these mapped values."""
    names = ", ".join(f'${name} as "{name}"' for name in values)
    types = {row[0]: row[1] for row in engine.execute(f"describe select {names}", values).fetchall()}
    select = checked_select(contract, f"select 1 as _row, {names}", types, base_currency="CNY", is_derived=False)
    used = {**values, **({"received_at": RECEIVED_AT} if "$received_at" in select else {})}
    return engine.execute(f"select {columns} from ({select})", used).df().iloc[0].to_dict()


def fault(engine, contract: str, **values: object) -> str | None:
    found = judged(engine, SOURCES[contract], {**BASE[contract], **values}, "_fault")["_fault"]
    return found if isinstance(found, str) else None


def test_every_rule_has_examples():
    assert sorted(EXAMPLES) == sorted(RULES)
    assert all(passing and refused for passing, refused in EXAMPLES.values())


@pytest.mark.parametrize("contract", SOURCES)
def test_the_base_row_passes(engine, contract):
    assert fault(engine, contract) is None


@pytest.mark.parametrize("contract,rule", RULES)
def test_rule_lets_good_rows_pass_and_refuses_bad_ones_for_its_reason_alone(engine, contract, rule):
    reason = next(found.reason for found in SOURCES[contract].rules if found.name == rule)
    passing, refused = EXAMPLES[contract, rule]
    assert [fault(engine, contract, **values) for values in passing] == [None] * len(passing)
    assert [fault(engine, contract, **values) for values in refused] == [reason] * len(refused)


@pytest.mark.parametrize("contract,rule", RULES)
def test_without_the_rule_its_bad_rows_would_pass(engine, contract, rule):
    weakened = SOURCES[contract].__class__(
        **{**vars(SOURCES[contract]), "rules": tuple(found for found in SOURCES[contract].rules if found.name != rule)}
    )
    bad = EXAMPLES[contract, rule][1][0]
    assert not isinstance(judged(engine, weakened, {**BASE[contract], **bad})["_fault"], str)


@pytest.mark.parametrize(
    "contract,column", [(contract.name, column) for contract in SOURCES.values() for column in contract.required]
)
def test_a_required_value_must_be_there(engine, contract, column):
    for empty in (None, "", "  ", "\u3000"):
        assert f"{column} is missing" in str(fault(engine, contract, **{column: empty}))


@pytest.mark.parametrize("text", ["1.7", "1e99", "one", "12a", "NaN", "2147483648"])
def test_a_whole_number_is_never_rounded(engine, text):
    assert fault(engine, "order_items", line_number=text) == "line_number is not a whole number"


@pytest.mark.parametrize("text", ["12.5.1", "1,234.50", "NaN", "inf", "1e99", "\uffe512", "ten"])
def test_an_amount_is_a_plain_number(engine, text):
    assert str(fault(engine, "order_items", line_amount=text)).startswith("line_amount is not an amount")


@pytest.mark.parametrize(
    "text",
    ["2024-13-01", "2024-02-30", "01/05/2024 10:00", "yesterday", "infinity", "0001-01-01", "1714521600", "10:00"],
)
def test_a_time_is_a_date_and_time_of_our_age(engine, text):
    assert str(fault(engine, "orders", ordered_at=text)).startswith("ordered_at is not a date and time")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_none_are_refused_in_any_form(engine, value):
    assert fault(engine, "order_items", line_amount=value) is not None
    assert fault(engine, "exchange_rates", rate=value) is not None


def test_a_nul_character_is_refused(engine):
    assert fault(engine, "products", name="a\0b") == "name holds a NUL character"


def test_a_currency_needs_a_rate_on_the_orders_own_day(engine):
    reason = "currency has no exchange rate to CNY on the order's date"
    assert fault(engine, "orders", currency="USD") is None
    assert fault(engine, "orders", currency="USD", ordered_at="2024-05-02 10:00:00") == reason
    assert fault(engine, "orders", currency="EUR") == reason
    # 23:30 UTC of the day before is the day of the rate in Shanghai
    assert fault(engine, "orders", currency="USD", ordered_at="2024-04-30T23:30:00Z") is None


def test_several_faults_are_all_told(engine):
    assert fault(engine, "orders", order_id=None, kind="gift", shipping_fee="-1") == (
        "order_id is missing; kind is not one of sale, return; shipping_fee is negative"
    )


@pytest.mark.parametrize(
    "text,utc,day",
    [
        ("2024-05-01 07:30:00", "2024-04-30 23:30:00", "2024-05-01"),
        ("2024-05-01T07:30:00Z", "2024-05-01 07:30:00", "2024-05-01"),
        ("2024-05-01 20:00:00+00", "2024-05-01 20:00:00", "2024-05-02"),
        ("2024-05-01", "2024-04-30 16:00:00", "2024-05-01"),
        (" 2024/05/01 10:00 ", "2024-05-01 02:00:00", "2024-05-01"),
        (datetime.fromisoformat("2024-05-01 07:30"), "2024-04-30 23:30:00", "2024-05-01"),
    ],
)
def test_times_without_zone_are_local_and_keep_their_calendar_day(engine, text, utc, day):
    row = judged(engine, SOURCES["orders"], {**BASE["orders"], "ordered_at": text})
    assert (str(row["ordered_at"]), str(row["ordered_date"])[:10]) == (utc, day)


@pytest.mark.parametrize(
    "given,stored",
    [
        (17850.0, "17850"),
        (1.5, "1.5"),
        (17850, "17850"),
        (" 7 ", "7"),
        (" 7", "7"),
        ("7\t", "7"),
        ("\u30007", "7"),
        ("07", "07"),
    ],
)
def test_ids_that_became_floats_are_whole_again(engine, given, stored):
    assert judged(engine, SOURCES["products"], {"product_id": given})["product_id"] == stored


def test_an_id_too_large_for_a_float_is_refused(engine):
    assert str(fault(engine, "products", product_id=1e17)).startswith("product_id is a floating-point number too large")


def test_the_row_hash_tells_every_column_apart_and_no_spelling(engine):
    hashes = {
        judged(engine, SOURCES["order_items"], {**BASE["order_items"], **values})["row_hash"]
        for values in ({}, {"quantity": "3"}, {"unit_price": "3"}, {"list_price": "3"}, {"discount": "3"})
    }
    assert len(hashes) == 5
    same = {
        judged(engine, SOURCES["order_items"], {**BASE["order_items"], "line_amount": value})["row_hash"]
        for value in ("20", "20.0", " 20.0000 ", 20, 20.0)
    }
    assert len(same) == 1
