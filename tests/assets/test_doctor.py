"""The doctor: a sound home passes, and each kind of damage is found by the finding that is about it, and by no wrong one."""

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from assets.doctor import examine
from assets.ingest import ingest
from assets.publication import Permission, RunFacts, publish
from assets.warehouse import open_warehouse
from contracts.outputs import SEGMENTS, TABLES
from contracts.settings import Settings
from sql.mappings import load_mapping_set
from sql.queries import load_queries

AS_OF = date(2024, 5, 3)
FILES = {
    "users.csv": "user_id,registered_at\nu1,2024-04-01 08:00:00\nu2,2024-04-02 08:00:00\n",
    "orders.csv": "order_id,ordered_at,user_id,kind,status,currency\n"
    + "".join(f"o{number},2024-05-0{number % 2 + 1} 10:00:00,u{number % 2 + 1},sale,paid,CNY\n" for number in range(6))
    + "o9,never,u1,sale,paid,CNY\n",
    "order_items.csv": "order_id,line_number,line_amount,product_id,quantity\n"
    + "".join(f"o{number},1,{number}.25,p1,1\n" for number in range(6)),
    "events-1.csv": "event_id,occurred_at,event_type,user_id\n"
    + "".join(f"e{number},2024-05-01 10:00:00,view,u1\n" for number in range(5))
    + 'e7,"2024-05-01 10:00:00,view,u1\n',
    "events-2.csv": "event_id,occurred_at,event_type,user_id\ne0,2024-05-01 10:00:00,view,u1\nf1,2024-05-02 10:00:00,view,u2\n",
}


def load(home: Path) -> None:
    ingest(
        home, home / "landing", load_mapping_set("canonical"), received_at=datetime.fromisoformat("2024-05-03"),
        time_zone="Asia/Shanghai", base_currency="CNY",
    )  # fmt: skip
    with open_warehouse(home) as warehouse:
        facts = {"horizons_days": "28", "churn_window_days": "56", "mapping": "canonical", "currency": "CNY"}
        for setting, value in {**facts, "time_zone": "Asia/Shanghai"}.items():
            warehouse.remember(setting, value)
        for query in load_queries().values():
            warehouse.build(query, {"as_of": AS_OF, "horizon_days": 28})


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    """Five files, one refused row, one malformed record, one event sent twice; published once."""
    home = tmp_path_factory.mktemp("sound")
    (home / "landing").mkdir()
    for name, text in FILES.items():
        (home / "landing" / name).write_text(text)
    load(home)
    with open_warehouse(home) as warehouse:
        nothing = dict.fromkeys(TABLES["segment.sizes"].columns[2:], 0) | {"reason": "none"}
        sizes = pd.DataFrame([nothing | {"segment": name, "as_of": AS_OF} for name in SEGMENTS])
        warehouse.write_frame(TABLES["segment.sizes"], sizes, as_of=AS_OF)
        publish(
            warehouse, home, AS_OF, settings=Settings(), permission=Permission(), draw_pages=lambda _: {},
            facts=RunFacts("r", "0", datetime.now(UTC)),
        )  # fmt: skip
    return home


@pytest.fixture
def home(sound, tmp_path) -> Path:
    return shutil.copytree(sound, tmp_path / "home")


def failed(home: Path) -> dict[str, str]:
    return {finding.name: finding.detail for finding in examine(home, Settings()) if not finding.holds}


def details(home: Path) -> dict[str, str]:
    return {finding.name: finding.detail for finding in examine(home, Settings())}


def test_a_sound_home_passes_and_shows_its_figures(home):
    findings = examine(home, Settings())
    assert [finding for finding in findings if not finding.holds] == []
    found = {finding.name: finding.detail for finding in findings}
    # 2 + 7 + 6 + 6 + 2 records; the unclosed quote is the malformed one
    assert found["file ledger balances"].startswith("5 files: 23 records = 22 staged + 1 rejected")
    assert found["quarantine holds every refused row"].startswith("1 rows by the ledger, 1 in the quarantine")
    assert found["quarantine holds every malformed record"].startswith("1 records by the ledger, 1 in")
    assert found["bronze.events holds what the ledger says"].startswith("6 stored; ledger: 6 loaded")
    # 0.25 + 1.25 + ... + 5.25
    assert "net 16.5000, from core.order_items 16.5000" in found["published revenue equals the warehouse"]
    assert found["totals recomputed from the landing files"].startswith("5 files: ")


DAMAGES = [
    (
        "delete from bronze.orders where order_id = 'o1'",
        ["bronze.orders holds what the ledger says", "totals recomputed"],
    ),
]
MORE_DAMAGES = [
    ("update bronze.file_ledger set records_counted = records_counted + 1", ["file ledger balances"]),
    ("update report.revenue_month set net_amount = 0", ["published revenue equals"]),
    (
        "delete from bronze.events where event_id = 'f1'",
        ["bronze.events holds what the ledger says", "totals recomputed"],
    ),
    (
        "insert into bronze.users select * from bronze.users",
        ["bronze.users holds what the ledger says", "totals recomputed"],
    ),
    ("update bronze.order_items set line_amount = 0 where order_id = 'o2'", ["totals recomputed"]),
    (
        "update bronze.row_ledger set rows_staged = rows_staged - 1 where contract = 'users'",
        ["row ledger balances"],
    ),
    ("delete from bronze.quarantine where contract = 'orders'", ["quarantine holds every refused row"]),
    ("delete from bronze.quarantine where contract <> 'orders'", ["quarantine holds every malformed record"]),
    (
        "update bronze.row_ledger set rows_duplicate = 0, rows_excluded = 1 where rows_duplicate = 1",
        ["every row left out"],
    ),
    (
        "update core.order_items set gross_amount = gross_amount + 1 where order_id = 'o3'",
        ["published revenue equals"],
    ),
]
"""Statement, and how the names of the findings begin that are about it."""


@pytest.mark.parametrize(
    "statement,names", [*DAMAGES, *(pytest.param(*damage, marks=pytest.mark.slow) for damage in MORE_DAMAGES)]
)
def test_damage_in_the_warehouse_is_found_where_it_is(home, statement, names):
    with open_warehouse(home) as warehouse:
        warehouse.connection.execute(statement)
    found = failed(home)
    assert len(found) == len(names)
    assert all(any(name.startswith(wanted) for name in found) for wanted in names), found


def test_one_changed_byte_in_a_published_file_is_found(home):
    path = home / "published" / "2024-05-03.1" / "tables" / "report.revenue_month.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    wanted = {
        "published files are what their manifests say": f"2024-05-03.1/tables/{path.name} is not what the manifest says"
    }
    assert failed(home) == wanted


@pytest.mark.slow
def test_missing_and_additional_published_files_are_found(home):
    version = home / "published" / "2024-05-03.1"
    (version / "segments" / "pricing.csv").rename(version / "segments" / "prices.csv")
    wanted = "2024-05-03.1/segments/pricing.csv is missing; 2024-05-03.1/segments/prices.csv is not in the manifest"
    assert failed(home) == {"published files are what their manifests say": wanted}


@pytest.mark.slow
def test_a_truncated_pointer_is_found(home):
    (home / "published" / "current").write_text("2024-05-")
    found = failed(home)
    assert list(found) == ["published pointer resolves"]
    assert "newest: 2024-05-03.1" in found["published pointer resolves"]


@pytest.mark.slow
def test_what_a_killed_run_left_is_told_and_wrong_only_after_the_next_run(home):
    (home / "published" / ".writing-2024-05-04.1").mkdir()
    assert failed(home) == {}
    assert "the next one sweeps them away" in details(home)["no half-written version or staging lies about"]
    with open_warehouse(home) as warehouse:
        publish(
            warehouse, home, AS_OF, settings=Settings(), permission=Permission(), draw_pages=lambda _: {},
            facts=RunFacts("r", "0", datetime.now(UTC)),
        )  # fmt: skip
    assert details(home)["no half-written version or staging lies about"] == "none"
    left = home / "tmp" / "staging-1"
    left.mkdir(parents=True)
    manifest = home / "published" / "2024-05-03.2" / "manifest.json"
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    manifest.write_text(manifest.read_text().replace('"created_at": "', f'"created_at": "{later}", "was": "'))
    assert list(failed(home)) == ["no half-written version or staging lies about"]


@pytest.mark.slow
def test_landing_files_that_are_gone_or_new_are_said(home):
    name = "totals recomputed from the landing files"
    (home / "landing" / "orders-2.csv").write_text(FILES["orders.csv"].replace("\no", "\nz"))
    assert details(home)[name].startswith("5 files: ")  # what has not been loaded is not compared
    (home / "landing" / "events-2.csv").unlink()
    assert details(home)[name] == "not checked: 1 of 5 loaded files are gone or changed, such as events-2.csv"
    shutil.rmtree(home / "landing")
    assert "is gone; keep landing files" in details(home)[name]
    assert failed(home) == {}


@pytest.mark.slow
def test_a_home_that_has_loaded_more_than_it_published_is_sound(home):
    (home / "landing" / "orders-2.csv").write_text(FILES["orders.csv"].replace("\no", "\nz"))
    load(home)
    found = details(home)
    assert failed(home) == {}
    assert "files were loaded since" in found["published revenue equals the warehouse"]


@pytest.mark.slow
def test_events_in_conflict_are_no_loss(home):
    (home / "landing" / "events-3.csv").write_text(FILES["events-2.csv"].replace("view", "cart"))
    load(home)
    assert failed(home) == {}


def test_a_home_nobody_ran_says_what_makes_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="`trellis run` or `trellis demo` makes it"):
        examine(tmp_path, Settings())
