"""Direct identifiers of people never reach the warehouse: dropped, said, invisible to mappings, masked in the quarantine."""

import json
from pathlib import Path

import pytest

from assets.ingest.identifiers import direct_columns, mask_patterns, mask_shape
from assets.ingest.quarantine import LOCATED_AT_MOST

SECRETS = ("13812345678", "李雷", "lei@example.com", "Nanjing Road 1")
USERS = "user_id,registered_at,Phone Number,姓名,email,Address,region\n"
GOOD = 'u1,2024-05-01,13812345678,李雷,lei@example.com,"Nanjing Road 1, ""B""",Shanghai\n'


def stored_bytes(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_direct_identifiers_are_dropped_and_the_run_says_so(shop):
    shop.put("users.csv", USERS + GOOD)
    summary = shop.ingest()
    assert summary.notices == [
        (
            "users.csv: dropped the direct identifiers Phone Number, 姓名, email, Address; "
            "they are not stored and no mapping sees them"
        )
    ]
    assert shop.query("select user_id, region from bronze.users") == [("u1", "Shanghai")]
    assert b"Shanghai" in stored_bytes(shop.home)  # what is stored can be found
    assert not [secret for secret in SECRETS if secret.encode() in stored_bytes(shop.home)]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_they_are_masked_in_rows_that_break_the_contract_and_in_broken_records(shop, form):
    if form == "csv":
        bad = GOOD.replace("u1,2024-05-01", "u2,never") + GOOD.replace("Shanghai", "Shanghai,too,many")
        shop.put("users.csv", USERS + GOOD + bad)
    else:
        values = dict(zip(USERS.strip().split(","), ["u1", "2024-05-01", *SECRETS, "Shanghai"], strict=True))
        lines = [values, {**values, "registered_at": "never"}]
        text = "\n".join(json.dumps(line) for line in lines) + "\n" + json.dumps(values, ensure_ascii=False)[:-9] + "\n"
        shop.put("users.jsonl", text)
    shop.ingest()
    kept = dict(shop.query("select contract, raw_text from bronze.quarantine"))
    assert set(kept) == {"users", "landing"}
    assert json.loads(kept["users"])["Phone Number"] == "***"
    assert json.loads(kept["users"])["region"] == "Shanghai"
    assert not [secret for secret in SECRETS if secret.encode() in stored_bytes(shop.home)]
    assert shop.query("select byte_offset > 0, record_number from bronze.quarantine where contract = 'users'") == [
        (True, 2)
    ]


def test_numbers_of_people_are_masked_in_refused_rows_of_files_without_such_columns(shop):
    shop.put("orders.csv", shop.orders(shop.order("o1", at="never", user="13812345678")))
    shop.ingest()
    assert shop.query("select raw_text from bronze.quarantine")[0][0].startswith("o1,never,***,sale")


def test_a_mapping_cannot_see_them(shop):
    shop.map("users", "-- Users.\n-- rows: all\nselect _row, email as user_id, registered_at from landing.users\n")
    shop.put("users.csv", USERS + GOOD)
    text = shop.ingest().stopped[0]
    assert "users.csv: users stopped" in text
    assert "(without the direct identifiers Phone Number, 姓名, email, Address, which cannot be mapped)" in text


def test_they_are_taken_out_of_json_attributes(shop):
    attributes = '{"colour":"red","phone":"13812345678","tier":2}'
    shop.put(
        "users.jsonl", json.dumps({"user_id": "u1", "registered_at": "2024-05-01", "attributes": attributes}) + "\n"
    )
    shop.ingest()
    assert shop.query("select attributes from bronze.users") == [('{"colour":"red","tier":2}',)]
    assert b"13812345678" not in stored_bytes(shop.home)


def test_a_table_of_order_lines_with_the_buyers_phone_drops_it(shop):
    select = "select person as user_id, min(day) as registered_at from landing.lines group by person"
    shop.map("users", f"-- Users.\n-- rows: derived from lines\n{select}\n")
    shop.map(
        "products",
        "-- Products.\n-- rows: derived from lines\nselect name as product_id from landing.lines group by name\n",
    )
    shop.map(
        "order_items",
        "-- Lines.\n-- rows: all\nselect _row, number as order_id, 1 as line_number, pieces as line_amount from landing.lines\n",
    )
    shop.put("lines.csv", "number,day,person,mobile,name,pieces\n1,2024-05-01,a,13812345678,Tea,many\n")
    summary = shop.ingest()
    assert (
        "lines.csv: dropped the direct identifiers mobile; they are not stored and no mapping sees them"
        in summary.notices
    )
    # a product's name is none, although users read the same file
    assert shop.ids("products") == ["Tea"]
    assert b"13812345678" not in stored_bytes(shop.home)


@pytest.mark.parametrize(
    "contracts,columns,found",
    [
        (["users"], ("user_id", "Name", "e-mail", "TEL"), ("Name", "e-mail", "TEL")),
        (["products"], ("product_id", "name", "address"), ()),
        (["order_items"], ("name",), ()),
        (["orders", "products"], ("name", "收货地址"), ("收货地址",)),
        (["orders"], ("name", "mailer", "tell", "phone_model"), ("name",)),
    ],
)
def test_columns_are_recognised_by_their_names(contracts, columns, found):
    assert direct_columns(contracts, columns) == found


@pytest.mark.parametrize(
    "text,masked",
    [
        ("call 13812345678 now", "call *** now"),
        ("+86 138-1234-5678", "***"),
        ("a.b+c@mail.example.com;x", "***;x"),
        ("id 11010519491231002X.", "id ***."),
        ("+1 (415) 555-0134", "***"),
        ("order 2024050112345678, 25.00, 536365", "order 2024050112345678, 25.00, 536365"),
        ("2024-05-01 10:00:00", "2024-05-01 10:00:00"),
    ],
)
def test_patterns_in_free_text_are_masked(text, masked):
    assert mask_patterns(text) == masked


def test_the_shape_of_a_broken_record_says_nothing_else():
    assert mask_shape('u1,"李雷, x@y.z') == 'xx,"xx, x@x.x'


def test_more_broken_rows_than_are_located_are_all_kept(shop):
    count = LOCATED_AT_MOST + 5
    shop.put("products.csv", "product_id,list_price\n" + "".join(f"p{number},x\n" for number in range(count)))
    assert shop.ingest().rows["products"]["quarantined"] == count
    kept = shop.query("select count(*), count(distinct record_number), max(raw_text) from bronze.quarantine")
    assert kept == [(count, count, '{"product_id": "p9999", "list_price": "x"}')]
