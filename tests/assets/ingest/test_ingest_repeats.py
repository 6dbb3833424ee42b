"""Files given twice, split, in another order, re-sent or under changed rules: what is read again, and the same tables."""

import random
from dataclasses import replace

import pytest

from contracts.contract import Rule
from contracts.sources import SOURCES

pytestmark = pytest.mark.slow

LINES_SQL = """-- Orders of the old system.
-- rows: all
-- lookup: people
select lines._row, number as order_id, day as ordered_at, people.name_id as user_id, 'sale' as kind, 'paid' as status,
    'CNY' as currency
from landing.lines left join landing.people on lines.person = people.person
"""


def test_the_same_file_twice_is_no_work(shop):
    shop.put("orders.csv", shop.orders(shop.order("o1"), shop.order("o2")))
    first = shop.ingest()
    before = shop.content()
    again = shop.ingest()
    assert (first.files_read, again.files_read, again.files_known, again.changed) == (1, 0, 1, False)
    assert shop.content() == before
    assert shop.ledger("orders") == {
        "staged": 2,
        "loaded": 2,
        "updated": 0,
        "duplicate": 0,
        "excluded": 0,
        "quarantined": 0,
    }


def test_a_copy_under_another_name_is_read_once_and_said(shop):
    shop.put("orders.csv", shop.orders(shop.order("o1")))
    shop.put("orders_2.csv", shop.orders(shop.order("o1")))
    summary = shop.ingest()
    assert summary.files_read == 1
    assert "orders_2.csv: has the same content as orders.csv; read once" in summary.notices


def test_resent_rows_update_and_equal_rows_are_duplicates(shop):
    shop.put("orders-1.csv", shop.orders(shop.order("o1", status="placed"), shop.order("o2")))
    shop.ingest()
    shop.put("orders-2.csv", shop.orders(shop.order("o1", status="delivered"), shop.order("o2"), shop.order("o3")))
    summary = shop.ingest()
    assert summary.rows["orders"] == {
        "staged": 3, "loaded": 1, "updated": 1, "duplicate": 1, "excluded": 0, "quarantined": 0
    }  # fmt: skip
    assert shop.ids("orders") == ["o1", "o1", "o2", "o3"]


def test_the_same_row_twice_in_a_file_is_one_row_and_one_duplicate(shop):
    shop.put("orders.csv", shop.orders(shop.order("o1"), shop.order("o1"), shop.order("o1", status="placed")))
    assert shop.ingest().rows["orders"] == {
        "staged": 3, "loaded": 1, "updated": 1, "duplicate": 1, "excluded": 0, "quarantined": 0
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(2))
def test_order_split_and_repetition_of_files_do_not_change_bronze(shop, tmp_path, seed):
    draw = random.Random(seed)
    orders = [
        shop.order(f"o{draw.randrange(30)}", status=draw.choice(["placed", "paid"]), user=f"u{draw.randrange(9)}")
        for _ in range(80)
    ]
    events = [
        shop.event(f"e{draw.randrange(40)}", user=f"u{draw.randrange(9)}", channel=draw.choice(["app", "web", ""]))
        for _ in range(90)
    ]
    shop.put("orders.csv", shop.orders(*orders))
    shop.put("events.csv", shop.events(*events))
    shop.ingest()
    other = type(shop)(tmp_path / "other")
    other.sources.mkdir(parents=True)
    for step in range(3):
        draw.shuffle(orders)
        draw.shuffle(events)
        cut = draw.randrange(80)
        other.put(f"orders-{step}a.csv", shop.orders(*(orders[:cut] if step else orders)))
        other.put(f"events-{step}a.csv", shop.events(*(events[:cut] if step else events)))
        other.put(f"events-{step}b.csv", shop.events(*events[cut:]))
        other.ingest()
    assert other.content() == shop.content()
    assert len(shop.ids("events")) == len(set(shop.ids("events")))


def test_of_conflicting_events_one_is_kept_whichever_came_first(shop, tmp_path):
    files = [shop.events(shop.event("e1", channel=channel)) for channel in ("app", "web", "mini")]
    kept = set()
    for number, sequence in enumerate(([0, 1, 2], [2, 1, 0], [1, 0, 2])):
        each = type(shop)(tmp_path / str(number))
        each.sources.mkdir(parents=True)
        notices = []
        for position in sequence:
            each.put(f"events-{position}.csv", files[position])
            notices += each.ingest().notices
        kept.add(each.query("select channel from bronze.events")[0][0])
        assert len(each.ids("events")) == 1
        assert sum("other content" in notice for notice in notices) == 2
        assert each.ledger("events") == {
            "staged": 3, "loaded": 1, "updated": 2, "duplicate": 0, "excluded": 0, "quarantined": 0
        }  # fmt: skip
    assert len(kept) == 1


def test_one_event_id_on_two_days_is_two_events(shop):
    shop.put("events.csv", shop.events(shop.event("e1"), shop.event("e1", at="2024-05-02 00:00:00")))
    assert shop.ingest().rows["events"]["loaded"] == 2


def test_a_replaced_event_touches_the_dates_of_built_tables(shop):
    shop.put("events-1.csv", shop.events(shop.event("e1"), shop.event("e2", at="2024-05-03 12:00:00")))
    shop.ingest()
    shop.query("insert into bronze.table_state values ('core.user_day', 'v')")
    shop.put("events-2.csv", shop.events(shop.event("e1", channel="other"), shop.event("e3", at="2024-05-07 12:00:00")))
    shop.ingest()
    dates = [str(row[0]) for row in shop.query("select distinct touched_date from bronze.touched_dates order by 1")]
    won = shop.query("select channel from bronze.events where event_id = 'e1'")[0][0] == "other"
    assert dates == (["2024-05-01"] if won else []) + ["2024-05-07"]


def test_a_changed_mapping_reloads_the_rows_of_its_files_only(shop):
    shop.map("orders", LINES_SQL)
    shop.map("products", "-- Products.\n-- rows: all\nselect _row, sku as product_id from landing.goods\n")
    shop.put("goods.csv", "sku,x\ng1,\n")
    shop.put("lines.csv", "number,day,person\n1,2024-05-01,a\n2,2024-05-01,b\n")
    shop.put("people.csv", "person,name_id\na,A\nb,B\n")
    shop.ingest()
    shop.map("orders", LINES_SQL.replace("'sale'", "case when number = '2' then 'return' else 'sale' end"))
    summary = shop.ingest()
    assert list(summary.rows) == ["orders"]
    assert shop.query("select order_id, kind from bronze.orders order by 1") == [("1", "sale"), ("2", "return")]
    assert shop.ledger("orders")["staged"] == 2


def test_a_changed_rule_reloads_files_without_a_new_version_number(shop, monkeypatch):
    shop.put("products.csv", "product_id,list_price\np1,0\np2,3\n")
    shop.ingest()
    stricter = Rule("priced", "list_price > 0", "list_price is nothing")
    monkeypatch.setitem(SOURCES, "products", replace(SOURCES["products"], rules=(stricter,)))
    assert shop.ingest().rows["products"]["quarantined"] == 1
    assert shop.ids("products") == ["p2"]


def test_a_changed_lookup_reloads_what_looks_up_in_it(shop):
    shop.map("orders", LINES_SQL)
    shop.put("lines.csv", "number,day,person\n1,2024-05-01,a\n")
    shop.put("people.csv", "person,name_id\na,A\n")
    shop.ingest()
    shop.put("people.csv", "person,name_id\na,Z\n")
    shop.ingest()
    assert shop.query("select order_id, user_id from bronze.orders") == [("1", "Z")]


def test_a_delimiter_declared_in_another_mapping_file_counts_as_a_change(shop):
    # order_items reads the same landing table; its own text does not change
    lookup = "-- rows: all\n{}select _row, product_id from landing.goods\n"
    shop.map("products", "-- Products.\n" + lookup.format("-- file: goods = goods.csv delimiter=,\n"))
    columns = "_row, product_id as order_id, 1 as line_number, 1 as line_amount"
    shop.map("order_items", f"-- Lines.\n-- rows: all\nselect {columns} from landing.goods\n")
    shop.put("goods.csv", "product_id,x\na;1,b\n")
    shop.ingest()
    assert shop.ids("order_items") == ["a;1"]
    shop.map("products", "-- Products.\n" + lookup.format("-- file: goods = goods.csv delimiter=, encoding=utf-8\n"))
    assert sorted(shop.ingest().rows) == ["order_items", "products"]


def test_rows_of_a_file_that_is_gone_stay_and_a_changed_mapping_says_so(shop):
    shop.map("orders", LINES_SQL)
    shop.put("people.csv", "person,name_id\na,A\n")
    old = shop.put("lines-1.csv", "number,day,person\n1,2024-05-01,a\n")
    shop.ingest()
    old.unlink()
    shop.put("lines-2.csv", "number,day,person\n2,2024-05-01,a\n")
    assert not any("stay as they are" in notice for notice in shop.ingest().notices)
    assert shop.ids("orders") == ["1", "2"]
    shop.map("orders", LINES_SQL.replace("'paid'", "'placed'"))
    assert any(notice.startswith("lines-1.csv: orders loaded") for notice in shop.ingest().notices)
    assert shop.ids("orders") == ["1", "2"]


DERIVED_SQL = """-- Users out of order lines.
-- rows: derived from lines
select person as user_id, min(day) as registered_at from landing.lines group by person
"""


def test_derived_rows_are_recomputed_over_all_files(shop):
    shop.map("users", DERIVED_SQL)
    shop.put("lines-1.csv", "number,day,person\n1,2024-05-02,a\n")
    shop.ingest()
    shop.put("lines-2.csv", "number,day,person\n2,2024-05-01,a\n3,2024-05-01,b\n")
    shop.ingest()
    found = shop.query("select user_id, cast(registered_date as varchar) from bronze.users order by 1")
    assert found == [("a", "2024-05-01"), ("b", "2024-05-01")]
    assert shop.ledger("users")["staged"] == 2


def test_derived_rows_are_not_lost_when_a_file_goes_missing(shop):
    shop.map("users", DERIVED_SQL)
    old = shop.put("lines-1.csv", "number,day,person\n1,2024-05-02,a\n")
    shop.ingest()
    old.unlink()
    shop.put("lines-2.csv", "number,day,person\n2,2024-05-01,b\n")
    summary = shop.ingest()
    assert len(summary.stopped) == 1
    assert summary.stopped[0].startswith("lines-1.csv: users stopped")
    assert shop.ids("users") == ["a"]


def test_a_full_export_under_the_same_name_replaces_the_one_before(shop):
    shop.map("users", DERIVED_SQL)
    shop.put("lines.csv", "number,day,person\n1,2024-05-02,a\n")
    shop.ingest()
    shop.put("lines.csv", "number,day,person\n1,2024-05-02,a\n2,2024-05-03,b\n")
    assert shop.ingest().stopped == []
    assert shop.ids("users") == ["a", "b"]


def test_a_contract_may_change_from_derived_to_loaded_and_back(shop):
    shop.map("users", DERIVED_SQL)
    shop.put("lines.csv", "number,day,person\n1,2024-05-02,a\n")
    shop.ingest()
    shop.map(
        "users", "-- Users.\n-- rows: all\nselect _row, person as user_id, day as registered_at from landing.lines\n"
    )
    shop.ingest()
    assert shop.query("select file_id <> 'derived', record_number from bronze.users") == [(True, 1)]
    assert shop.ledger("users")["staged"] == 1
    shop.map("users", DERIVED_SQL)
    shop.ingest()
    assert shop.query("select file_id, record_number from bronze.users") == [("derived", None)]
    assert shop.ledger("users")["staged"] == 1


def test_line_numbers_over_every_file_do_not_depend_on_the_split(shop, tmp_path):
    sql = """-- Lines numbered by content.
-- rows: all of every file
select _row, number as order_id, row_number() over (partition by number order by sku, pieces, _row) as line_number,
    pieces as line_amount, sku as product_id, pieces as quantity
from landing.lines
"""
    rows = [f"{number},s{number * 7 % 5},{number % 3 + 1}\n" for number in [1, 2, 1, 2, 1, 1, 3, 2]]
    shop.map("order_items", sql)
    shop.put("lines.csv", "number,sku,pieces\n" + "".join(rows))
    shop.ingest()
    other = type(shop)(tmp_path / "other")
    other.sources.mkdir(parents=True)
    other.map("order_items", sql)
    other.put("lines-2.csv", "number,sku,pieces\n" + "".join(rows[5:]))
    other.ingest()
    other.put("lines-1.csv", "number,sku,pieces\n" + "".join(reversed(rows[:5])))
    other.ingest()
    assert other.content() == shop.content()
    assert len(shop.ids("order_items")) == 8
