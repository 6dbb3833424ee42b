"""Files that are odd, broken, empty or absent: what stops, what goes on, and what the operator is told."""

import gzip

import pandas as pd
import pytest

from assets.ingest import IngestError
from assets.ingest.discover import find_landing_files
from sql.mappings import load_mapping_set


def test_a_missing_required_column_stops_that_contract_alone(shop):
    shop.put("orders.csv", "order_id,ordered_at,kind,status\no1,2024-05-01,sale,paid\n")
    shop.put("products.csv", "product_id,name\np1,Tea\n")
    summary = shop.ingest()
    assert len(summary.stopped) == 1
    text = summary.stopped[0]
    assert text.startswith("orders.csv: orders stopped: ")
    assert '"currency" not found' in text
    assert "orders.csv has the columns order_id, ordered_at, kind, status." in text
    assert "orders.sql of the mapping" in text
    assert shop.ids("products") == ["p1"]
    assert shop.ids("orders") == []
    # it is tried again at the next run, and told again
    assert shop.ingest().stopped == summary.stopped
    shop.put("orders.csv", shop.orders(shop.order("o1")))
    assert shop.ingest().stopped == []
    assert shop.ids("orders") == ["o1"]


def test_optional_columns_may_be_absent(shop):
    shop.put("orders.csv", "order_id,ordered_at,kind,status,currency\no1,2024-05-01,sale,paid,CNY\n")
    assert shop.ingest().stopped == []
    assert shop.query("select user_id, coupon_id, shipping_fee from bronze.orders") == [(None, None, None)]


def test_a_wrong_delimiter_names_what_was_found(shop):
    shop.map(
        "orders",
        "-- Orders.\n-- rows: all\n-- file: orders = orders.csv delimiter=,\nselect _row, order_id from landing.orders\n",
    )
    shop.put("orders.csv", "order_id;ordered_at\no1;2024-05-01\n")
    summary = shop.ingest()
    assert "order_id;ordered_at" in summary.stopped[0]


def test_one_of_many_files_without_the_column_stops_what_needs_them_together(shop):
    shop.map(
        "users",
        "-- Users.\n-- rows: derived from lines\n"
        "select person as user_id, min(day) as registered_at from landing.lines group by person\n",
    )
    shop.put("lines-1.csv", "person,day\na,2024-05-01\n")
    shop.put("lines-2.csv", "customer,day\nb,2024-05-01\n")
    summary = shop.ingest()
    assert [text.split(":")[0] for text in summary.stopped] == ["lines-2.csv"]
    assert shop.ids("users") == []


def test_one_of_many_files_without_the_column_stops_itself_alone_where_files_are_loaded_singly(shop):
    shop.put("products-1.csv", "product_id,name\np1,Tea\n")
    shop.put("products-2.csv", "sku,name\np2,Pot\n")
    summary = shop.ingest()
    assert [text.split(":")[0] for text in summary.stopped] == ["products-2.csv"]
    assert shop.ids("products") == ["p1"]


def test_an_unreadable_file_stops_only_what_needs_it(shop):
    frame = pd.DataFrame({"order_id": ["o1"], "line_number": [1], "line_amount": [5.0]})
    path = shop.put("order_items.parquet", frame)
    path.write_bytes(path.read_bytes()[:-20])
    shop.put("orders.csv", shop.orders(shop.order("o1")))
    summary = shop.ingest()
    assert [text.split(":")[0] for text in summary.stopped] == ["order_items.parquet", "order_items.parquet"]
    assert "truncated or not Parquet" in summary.stopped[0]
    assert shop.ids("orders") == ["o1"]
    assert shop.query("select count(*) from bronze.file_ledger") == [(1,)]


def test_damage_in_the_middle_of_a_parquet_file_stops_that_file(shop):
    frame = pd.DataFrame({"product_id": [f"p{number}" for number in range(20_000)]})
    path = shop.put("products-1.parquet", frame)
    raw = bytearray(path.read_bytes())
    raw[2000:2100] = b"\xaa" * 100
    path.write_bytes(raw)
    shop.put("products-2.csv", "product_id\np1\n")
    summary = shop.ingest()
    assert len(summary.stopped) == 1
    assert "products-1.parquet: products stopped" in summary.stopped[0]
    assert shop.ids("products") == ["p1"]


def test_an_unreadable_lookup_stops_what_looks_up_in_it(shop):
    shop.map(
        "orders",
        "-- Orders.\n-- rows: all\n-- lookup: people\nselect lines._row, number as order_id, people.id as user_id "
        "from landing.lines left join landing.people on lines.person = people.person\n",
    )
    shop.put("lines.csv", "number,person\n1,a\n")
    shop.put("people.csv", b"person,id\n\xff\xfe\x00a\n")
    assert any("it looks up in that file" in text for text in shop.ingest().stopped)
    (shop.sources / "people.csv").unlink()
    assert any(
        "it looks up in people, of which there is no file with a header" in text for text in shop.ingest().stopped
    )


@pytest.mark.parametrize("content", ["", "\n", "\ufeff", "product_id,name\n"])
def test_an_empty_file_gives_an_empty_valid_table(shop, content):
    shop.put("products.csv", content)
    summary = shop.ingest()
    assert summary.stopped == []
    assert summary.rows["products"]["staged"] == 0
    assert shop.query("select contract, rows_staged from bronze.row_ledger") == [("products", 0)]
    assert shop.ingest().files_read == 0


def test_an_empty_file_does_no_harm_beside_a_full_one(shop):
    shop.put("products-1.csv", "")
    shop.put("products-2.csv", "product_id\np1\n")
    shop.put("orders.csv", "")
    shop.put("feedback.csv", "")
    summary = shop.ingest()
    assert (summary.stopped, shop.ids("products"), summary.files_read) == ([], ["p1"], 4)
    assert len(shop.query("select * from bronze.file_ledger")) == 4


def test_empty_derived_input_gives_no_rows(shop):
    shop.map(
        "users", "-- Users.\n-- rows: derived from lines\nselect person as user_id from landing.lines group by person\n"
    )
    shop.put("lines.csv", "")
    assert shop.ingest().rows["users"]["staged"] == 0


def test_a_new_column_is_noticed_once(shop):
    shop.put("products-1.csv", "product_id,name\np1,Tea\n")
    assert shop.ingest().notices == []
    shop.put("products-2.csv", "product_id,name,colour,brand\np2,Pot,red,\n")
    told = "new column colour, brand; no mapping reads colour until you add it there"
    assert shop.ingest().notices == [f"products-2.csv: {told}"]
    shop.put("products-3.csv", "product_id,name,colour,brand\np3,Cup,red,\n")
    assert shop.ingest().notices == []
    assert shop.query("select file_name, notice from bronze.notices") == [("products-2.csv", told)]


def test_a_column_that_no_mapping_reads_is_told_at_first_sight(shop):
    shop.put("products.csv", "product_id,Name,categry\np1,Tea,drinks\n")
    assert shop.ingest().notices == ["products.csv: no mapping reads the columns categry"]
    assert shop.query("select name, category from bronze.products") == [("Tea", None)]


def test_a_notice_is_stored_once_however_often_it_is_told(shop):
    shop.put("products.csv", "product_id\np1\n")
    shop.put("budget.csv", "x\n1\n")
    for _ in range(2):
        assert shop.ingest().notices == ["budget.csv: is read by no landing table of mapping canonical; left alone"]
    assert shop.query("select count(*) from bronze.notices") == [(1,)]


def test_no_file_at_all_says_what_is_expected(shop):
    with pytest.raises(IngestError, match=r"holds no file of mapping 'canonical'. Expected .*orders: orders\.\*"):
        shop.ingest()
    with pytest.raises(FileNotFoundError, match="no such folder"):
        find_landing_files(shop.root / "nowhere", load_mapping_set("canonical"))


def test_files_go_to_the_table_with_the_longest_matching_name(shop):
    for name in (
        "orders.csv",
        "orders-2024.csv.gz",
        "orders/part.jsonl",
        "order_items_2.parquet",
        "truth/orders.csv",
        "orders.md",
    ):
        shop.put(name, name)
    found, notices = find_landing_files(shop.sources, load_mapping_set("canonical"))
    names = {table: sorted(file.name for file in files) for table, files in found.items() if files}
    assert names == {
        "orders": ["orders-2024.csv.gz", "orders.csv", "orders/part.jsonl"],
        "order_items": ["order_items_2.parquet"],
    }
    assert notices == []


@pytest.mark.slow
def test_csv_json_lines_parquet_and_gzip_give_the_same_rows(shop, tmp_path):
    csv = "order_id,line_number,line_amount,product_id,quantity\no1,1,10.5,p1,2\no1,2,3,7,1\n"
    lines = (
        '{"order_id":"o1","line_number":1,"line_amount":10.5,"product_id":"p1","quantity":2}\n'
        '{"order_id":"o1","line_number":2,"line_amount":3,"product_id":7,"quantity":1}\n'
    )
    frame = pd.DataFrame(
        {
            "order_id": ["o1", "o1"],
            "line_number": [1.0, 2.0],
            "line_amount": [10.5, 3],
            "product_id": ["p1", "7"],
            "quantity": [2, 1],
        }
    )
    forms = {"a.csv": csv, "a.jsonl": lines, "a.parquet": frame, "a.csv.gz": gzip.compress(csv.encode())}
    forms["b.csv"] = csv.encode("utf-16")
    found = []
    for number, (name, content) in enumerate(forms.items()):
        each = type(shop)(tmp_path / str(number))
        each.sources.mkdir(parents=True)
        each.put(f"order_items/{name}", content)
        assert each.ingest().stopped == []
        found.append(each.content())
    assert all(content == found[0] for content in found)
    assert len(found[0]["order_items"]) == 2


def test_a_stop_of_a_mapping_that_cannot_be_computed_names_the_value(shop):
    shop.map(
        "order_items",
        "-- Lines.\n-- rows: all\nselect _row, number as order_id, cast(place as integer) as line_number, 1 as line_amount "
        "from landing.lines\n",
    )
    shop.put("lines.csv", "number,place\n1,one\n")
    summary = shop.ingest()
    assert "order_items stopped" in summary.stopped[0]
    assert "'one'" in summary.stopped[0]
    assert "try_cast" in summary.stopped[0]


def test_nothing_is_left_in_the_scratch_folder(shop):
    shop.put("users.csv.gz", gzip.compress(b"user_id,registered_at,phone\nu1,2024-05-01,13812345678\n"))
    leftover = shop.home / "tmp" / "staging-1"
    leftover.mkdir(parents=True)
    (leftover / "scratch.duckdb").write_text("of a run that was killed")
    shop.ingest()
    assert [path for path in (shop.home / "tmp").rglob("*") if path.is_file()] == []
