"""The quarantine: what it keeps, how it is listed, and how it is read again under the present rules."""

from datetime import datetime

import pytest

from assets.ingest import forget_quarantined, quarantine_counts, quarantined_rows
from assets.warehouse import open_warehouse
from sql.mappings import load_mapping_set

pytestmark = pytest.mark.slow

LATER = datetime.fromisoformat("2024-07-01")


def forget(shop):
    with open_warehouse(shop.home) as warehouse:
        return forget_quarantined(warehouse, shop.sources, load_mapping_set(shop.mapping))


def test_the_list_says_what_where_and_why(shop):
    shop.put(
        "orders.csv",
        shop.orders(shop.order("o1"), shop.order("o2", at="2024-06-20 10:00:00"), shop.order("", kind="x"), "o9\n"),
    )
    shop.ingest()
    with open_warehouse(shop.home) as warehouse:
        counts = quarantine_counts(warehouse)
        rows = quarantined_rows(warehouse, contract="orders")
        assert quarantined_rows(warehouse, file="nothing") == []
        assert len(quarantined_rows(warehouse, file="orders.csv", limit=2)) == 2
    assert [(count.contract, count.reason, count.rows_count) for count in counts if count.contract == "orders"] == [
        ("orders", "order_id is missing; kind is not one of sale, return", 1),
        ("orders", "ordered_at lies after the time the file was read", 1),
    ]
    assert [count.rows_count for count in counts if count.contract == "landing"] == [1]
    first = rows[0]
    assert (first.record_number, first.contract_version, first.file_name) == (2, 1, "orders.csv")
    assert first.raw_text == shop.order("o2", at="2024-06-20 10:00:00").strip()
    text = (shop.sources / "orders.csv").read_bytes()
    assert text[first.byte_offset :].decode().startswith("o2,2024-06-20")


def test_reasons_that_differ_by_a_number_alone_are_one(shop):
    header, *rows = (shop.orders(shop.order("o1"), shop.order("o2"), shop.order("o3"))).splitlines(keepends=True)
    shop.put("orders.csv", header + rows[0] + "a\n" + "b,c\n" + "d,e,f\n")
    shop.put("orders-2.csv", header + rows[1] + rows[2] + "a\n")
    shop.ingest()
    with open_warehouse(shop.home) as warehouse:
        counts = quarantine_counts(warehouse)
    columns = header.count(",") + 1
    assert [(count.file_name, count.reason, count.rows_count) for count in counts] == [
        ("orders-2.csv", f"too few columns: 1 instead of {columns}", 1),
        ("orders.csv", "too few columns: # instead of #", 3),
    ]


def test_replay_reads_files_with_refused_rows_again_and_only_these(shop):
    shop.put("orders-1.csv", shop.orders(shop.order("o1"), shop.order("o2", at="2024-06-20 10:00:00")))
    shop.put("orders-2.csv", shop.orders(shop.order("o3")))
    shop.ingest()
    assert shop.ids("orders") == ["o1", "o3"]
    assert shop.ingest(received_at=LATER).changed is False
    assert forget(shop).forgotten == (("orders", "orders-1.csv"),)
    summary = shop.ingest(received_at=LATER)
    assert summary.files_read == 1
    assert summary.rows["orders"] == {
        "staged": 2, "loaded": 2, "updated": 0, "duplicate": 0, "excluded": 0, "quarantined": 0
    }  # fmt: skip
    assert shop.ids("orders") == ["o1", "o2", "o3"]
    assert shop.reasons() == []
    assert shop.ledger("orders")["staged"] == 3
    assert forget(shop).forgotten == ()


def test_rows_that_still_break_the_contract_stay_once(shop):
    shop.put("orders.csv", shop.orders(shop.order("o1"), shop.order("o2", kind="x"), "o3\n"))
    shop.ingest()
    before = shop.reasons(), shop.content()
    assert forget(shop).forgotten == (("orders", "orders.csv"),)
    shop.ingest(received_at=LATER)
    assert (shop.reasons(), shop.content()) == before
    assert shop.ledger("orders")["quarantined"] == 1


def test_a_file_that_is_gone_is_named_and_keeps_its_rows(shop):
    path = shop.put("orders-1.csv", shop.orders(shop.order("o1"), shop.order("o2", kind="x")))
    shop.put("orders-2.csv", shop.orders(shop.order("o3")))
    shop.ingest()
    path.unlink()
    plan = forget(shop)
    assert (plan.forgotten, plan.gone) == ((), (("orders", "orders-1.csv"),))
    assert shop.ingest(received_at=LATER).notices == []
    assert shop.ids("orders") == ["o1", "o3"]


def test_malformed_records_and_derived_rows_are_read_again_too(shop):
    shop.map(
        "users",
        "-- Users.\n-- rows: derived from lines\n"
        "select person as user_id, min(day) as registered_at from landing.lines group by person\n",
    )
    shop.put("lines.csv", "person,day\na,2024-05-01\nb,2024-06-20\nc\n")
    shop.ingest()
    assert len(shop.reasons()) == 2
    assert forget(shop).forgotten == (("users", "lines.csv"),)
    assert shop.ingest(received_at=LATER).rows["users"]["quarantined"] == 0
    assert len(shop.reasons()) == 1
    assert shop.ids("users") == ["a", "b"]


def test_a_malformed_record_concerns_only_the_contracts_that_read_its_file(shop):
    shop.put("orders.csv", shop.orders(shop.order("o1"), "o2\n"))
    shop.put("products.csv", "product_id\np1\n")
    shop.ingest()
    plan = forget(shop)
    assert (plan.forgotten, plan.gone) == ((("orders", "orders.csv"),), ())


def test_orders_wait_for_their_exchange_rate_and_come_in_by_themselves(shop):
    shop.put("orders.csv", shop.orders(shop.order("o1"), shop.order("o2", currency="USD")))
    shop.ingest()
    assert shop.reasons() == ["currency has no exchange rate to CNY on the order's date"]
    shop.put("exchange_rates.csv", "rate_date,currency,rate\n2024-05-01,USD,7.1\n")
    shop.ingest()
    assert shop.reasons() == []
    assert shop.ids("orders") == ["o1", "o2"]


def test_costs_wait_for_their_exchange_rate_too(shop):
    shop.put(
        "marketing_costs.csv",
        "cost_date,channel,amount,currency\n2024-05-01,ads,5,CNY\n2024-05-01,tv,5,USD\n2024-05-01,ads,-1,CNY\n",
    )
    shop.ingest()
    assert sorted(shop.reasons()) == ["amount is negative", "currency has no exchange rate to CNY on the cost's date"]
    shop.put("exchange_rates.csv", "rate_date,currency,rate\n2024-05-01,USD,7.1\n")
    shop.ingest()
    assert shop.reasons() == ["amount is negative"]
