"""Every row is accounted for: a mapping that loses or multiplies rows is refused, an unbalanced ledger undoes its file."""

import random

import pytest

from assets.ingest import LedgerError, row_ledger, store
from contracts.sources import SOURCES
from sql.mappings import load_mapping_set
from sql.queries import QueryError

LINES = "number,day,person\n1,2024-05-01,a\n2,2024-05-01,b\n3,2024-05-02,a\n"
SELECT = (
    "select _row, number as order_id, day as ordered_at, person as user_id, 'sale' as kind, 'paid' as status, "
    "'CNY' as currency"
)


def test_every_landing_row_ends_in_one_place(shop):
    shop.map(
        "orders",
        f"-- Orders.\n-- rows: all\n{SELECT}, case when number = '2' then 'a test' when number = '9' then '' end as _excluded "
        "from landing.lines\n",
    )
    shop.put("lines.csv", LINES + "4,tomorrow,c\n" + "3,2024-05-02,a\n" + "3,2024-05-02,z\n" + "5,2024-05-02\n")
    summary = shop.ingest()
    assert summary.rows["orders"] == {
        "staged": 6, "loaded": 2, "updated": 1, "duplicate": 1, "excluded": 1, "quarantined": 1
    }  # fmt: skip
    assert summary.rejected == 1
    assert shop.query("select records_counted, rows_staged, rows_rejected from bronze.file_ledger") == [(7, 6, 1)]
    assert shop.query("select contract, reason, rows_count from bronze.exclusions") == [("orders", "a test", 1)]
    kept = shop.query("select contract, record_number, raw_text from bronze.quarantine order by record_number")
    assert kept == [("orders", 4, "4,tomorrow,c"), ("landing", 7, "5,2024-05-02")]


@pytest.mark.parametrize(
    "tail,told",
    [
        ("where number <> '2'", "3 rows of lines were staged, the mapping returns 2 rows with 2 different _row"),
        ("cross join (select unnest([1, 2]))", "the mapping returns 6 rows with 3 different _row"),
        ("limit 1", "the mapping returns 1 rows"),
        ("union all select 1, '9', '2024-05-01', 'a', 'sale', 'paid', 'CNY'", "the mapping returns 4 rows with 3"),
    ],
)
def test_a_mapping_that_loses_or_multiplies_rows_is_refused(shop, tail, told):
    shop.map("orders", f"-- Orders.\n-- rows: all\n{SELECT} from landing.lines {tail}\n")
    shop.put("lines.csv", LINES)
    with pytest.raises(LedgerError, match=told):
        shop.ingest()
    assert shop.ids("orders") == []
    assert shop.query("select * from bronze.row_ledger") == []


def test_a_lookup_that_holds_a_key_twice_is_refused(shop):
    shop.map(
        "orders",
        f"-- Orders.\n-- rows: all\n-- lookup: people\n{SELECT.replace('_row', 'lines._row')} "
        "from landing.lines left join landing.people on lines.person = people.alias\n",
    )
    shop.put("lines.csv", LINES)
    shop.put("people.csv", "alias,id\na,A\na,B\nb,C\n")
    with pytest.raises(
        LedgerError, match=r"3 rows of lines were staged, the mapping returns 5 rows .* no join that multiplies"
    ):
        shop.ingest()


def test_a_mapping_without_row_or_with_foreign_columns_is_refused(shop):
    shop.put("lines.csv", LINES)
    shop.map("orders", f"-- Orders.\n-- rows: all\n{SELECT.replace('_row, ', '')} from landing.lines\n")
    with pytest.raises(LedgerError, match="does not return _row"):
        shop.ingest()
    shop.map("orders", f"-- Orders.\n-- rows: all\n{SELECT}, 1 as colour from landing.lines\n")
    with pytest.raises(LedgerError, match=r"yields colour, which orders does not have; its columns are order_id, "):
        shop.ingest()


def test_a_window_over_one_file_only_is_refused(shop):
    shop.map(
        "orders",
        f"-- Orders.\n-- rows: all\n{SELECT}, row_number() over (order by day) as coupon_id from landing.lines\n",
    )
    with pytest.raises(QueryError, match="rows: all of every file"):
        load_mapping_set(shop.mapping)


def test_derived_rows_that_repeat_a_key_are_refused(shop):
    shop.map(
        "users",
        "-- Users.\n-- rows: derived from lines\n"
        "select person as user_id, day as registered_at from landing.lines group by person, day\n",
    )
    shop.put("lines.csv", LINES)
    with pytest.raises(
        LedgerError, match=r"returns 1 keys \(user_id, valid_from\) more than once, the first of them a, None 2 times"
    ):
        shop.ingest()


def test_derived_rows_that_break_the_contract_are_quarantined_under_their_key(shop):
    shop.map(
        "users",
        "-- Users.\n-- rows: derived from lines\n"
        "select person as user_id, min(day) as registered_at from landing.lines group by person\n",
    )
    shop.put("lines.csv", "number,day,person\n1,2024-05-01,a\n2,soon,b\n")
    assert shop.ingest().rows["users"] == {
        "staged": 2, "loaded": 1, "updated": 0, "duplicate": 0, "excluded": 0, "quarantined": 1
    }  # fmt: skip
    kept = shop.query("select file_id, file_name, record_number, byte_offset, raw_text from bronze.quarantine")
    assert kept == [("derived", "lines.csv", None, None, '{"user_id":"b","valid_from":null}')]


@pytest.mark.parametrize(
    "mistake,told",
    [
        pytest.param("insert into outcomes select 1, 'duplicate', true", "should be stored", marks=pytest.mark.slow),
        pytest.param("insert into outcomes select 1, 'loaded', false", "should be stored", marks=pytest.mark.slow),
        ("insert into outcomes select 1, 'loaded', true from range(2)", "does not balance"),
    ],
)
def test_a_ledger_that_does_not_balance_undoes_the_file_and_fails(shop, monkeypatch, mistake, told):
    shop.put("products.csv", "product_id\np1\n")
    shop.ingest()
    before, ledger = shop.content(), shop.ledger("products")
    judge = store._judge_versions

    def misjudge(connection, contract):
        judge(connection, contract)
        connection.execute(mistake)

    monkeypatch.setattr(store, "_judge_versions", misjudge)
    if told == "does not balance":
        monkeypatch.setattr(row_ledger, "_check_stored", lambda *_: None)
    shop.put("products-2.csv", "product_id\np2\np3\n")
    with pytest.raises(LedgerError, match=told):
        shop.ingest()
    assert shop.content() == before
    assert shop.ledger("products") == ledger
    monkeypatch.undo()
    assert shop.ingest().rows["products"]["loaded"] == 2


@pytest.mark.slow
def test_random_files_balance_in_every_contract(shop):
    draw = random.Random(7)
    days = ["2024-05-01", "2024-05-02 10:00", "", "never", "2030-01-01"]
    for part in range(3):
        shop.put(
            f"orders-{part}.csv",
            shop.orders(
                *(
                    shop.order(
                        f"o{draw.randrange(40)}" if draw.random() > 0.1 else "",
                        at=draw.choice(days),
                        status=draw.choice(["paid", "lost"]),
                    )
                    for _ in range(60)
                )
            ),
        )
        shop.put(
            f"events-{part}.csv",
            shop.events(
                *(
                    shop.event(f"e{draw.randrange(60)}", at=draw.choice(days), user=draw.choice(["u1", "u2", ""]))
                    for _ in range(90)
                )
            ),
        )
    shop.ingest()
    for contract in ("orders", "events"):
        line = shop.ledger(contract)
        staged = line.pop("staged")
        assert (
            staged
            == sum(line.values())
            == shop.query(
                "select sum(records_counted - rows_rejected) from bronze.file_ledger where landing_table = $1",
                [contract],
            )[0][0]
        )
        waiting = shop.query("select count(*) from bronze.quarantine where contract = $1", [contract])[0][0]
        assert waiting == line["quarantined"] > 0
    stored = shop.query("select count(*) from bronze.orders")[0][0]
    assert stored == shop.ledger("orders")["loaded"] + shop.ledger("orders")["updated"]
    assert shop.query("select count(*) from bronze.events")[0][0] == shop.ledger("events")["loaded"]


def test_record_numbers_lead_back_to_the_line_of_the_file(shop):
    shop.put("products-1.csv", "product_id,name\na,x\nb,y\n")
    shop.put("products-2.csv", "product_id,name\nc,z\nd,w\n")
    shop.ingest()
    rows = shop.query(
        "select product_id, record_number, file_name from bronze.products join bronze.file_ledger using (file_id) order by 1"
    )
    assert rows == [
        ("a", 1, "products-1.csv"), ("b", 2, "products-1.csv"), ("c", 1, "products-2.csv"), ("d", 2, "products-2.csv")
    ]  # fmt: skip


@pytest.mark.slow
def test_keys_are_given_once_and_to_every_id(shop):
    shop.put("events.csv", shop.events(shop.event("e1", user="b"), shop.event("e2", user="", anonymous_id="c")))
    shop.put("orders.csv", shop.orders(shop.order("o1", user="a"), shop.order("o2", user="")))
    shop.ingest()
    shop.put("events-2.csv", shop.events(shop.event("e3", user="a"), shop.event("e4", user="d")))
    shop.ingest()
    keys = shop.query("select user_id, user_key, is_anonymous from bronze.user_keys order by user_key")
    assert [row[0] for row in keys] == ["anonymous:c", "b", "a", "d"]
    assert [row[1] for row in keys] == [1, 2, 3, 4]
    assert [row[2] for row in keys] == [True, False, False, False]
    assert set(SOURCES["events"].columns) >= {"user_id", "product_id"}
    assert shop.query("select count(*) from bronze.events where user_key is null or product_key is null") == [(0,)]
