"""The page that teaches mapping is true: its files, loaded with its SQL, give the counts it prints."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from assets.ingest import ingest
from assets.warehouse import open_warehouse
from sql.mappings import known_mappings, load_mapping_set

PAGE = (Path(__file__).parents[3] / "docs" / "mapping.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"<!-- (?P<kind>file|mapping): (?P<name>\S+)(?: encoding=(?P<encoding>\S+))? -->\n```\w*\n(?P<text>.*?)```",
    re.DOTALL,
)
RECEIVED_AT = datetime.fromisoformat("2024-06-01")
HEADERS = ("rows", "file", "lookup", "optional", "time_zone", "currency")


@pytest.fixture
def example(tmp_path):
    for kind in ("file", "mapping"):
        (tmp_path / kind).mkdir()
    for block in BLOCK.finditer(PAGE):
        (tmp_path / block["kind"] / block["name"]).write_bytes(block["text"].encode(block["encoding"] or "utf-8"))
    return tmp_path


def run(folder: Path):
    mappings = load_mapping_set(str(folder / "mapping"))
    assert (mappings.time_zone, mappings.currency) == ("Europe/Berlin", "EUR")
    return ingest(
        folder / "home", folder / "file", mappings, received_at=RECEIVED_AT,
        time_zone="Europe/Berlin", base_currency="EUR",
    )  # fmt: skip


def test_the_example_gives_the_counts_of_the_page(example):
    summary = run(example)
    table = PAGE.split("<!-- expect -->")[1].split("\n\n")[0]
    said = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()[2:]]
    found = [
        [name, *(str(rows[column]) for column in ("staged", "loaded", "excluded", "quarantined"))]
        for name, rows in summary.rows.items()
    ]
    assert found == said
    assert summary.stopped == []
    assert any("dropped the direct identifiers E-Mail" in notice for notice in summary.notices)
    with open_warehouse(example / "home") as warehouse:
        run_sql = warehouse.connection.execute
        assert run_sql("select reason from bronze.quarantine").fetchall() == [("line_amount is missing",)]
        orders = run_sql(
            "select order_id, user_id, status, cast(ordered_date as varchar) from bronze.orders order by 1"
        ).fetchall()
        names = run_sql("select name from bronze.products order by 1").fetchall()
        amounts = run_sql(
            "select order_id, line_number, cast(line_amount as double) from bronze.order_items order by all"
        ).fetchall()
    assert orders == [
        ("1001", "K-7", "completed", "2024-05-02"),
        ("1002", None, "completed", "2024-05-02"),
        ("1003", "K-9", "cancelled", "2024-05-03"),
        ("1004", "K-7", "completed", "2024-05-04"),
    ]
    assert names == [("Grüner Tee",), ("Teekanne",), ("Weißer Tee",)]
    assert amounts == [("1001", 1, 39.0), ("1001", 2, 17.0), ("1002", 1, 12.9), ("1003", 1, 8.5)]


def test_the_example_is_refused_where_the_page_says_so(example):
    path = example / "mapping" / "order_items.sql"
    text = path.read_text()
    path.write_text(text.replace("-- rows: all of every file", "-- rows: all"))
    with pytest.raises(ValueError, match="window"):
        run(example)
    path.write_text(text.replace("try_cast", "cast"))
    summary = run(example)
    assert any("order_items stopped" in stop for stop in summary.stopped)
    assert summary.rows["orders"]["loaded"] == 4


def test_a_missing_contract_is_no_fault(example):
    (example / "mapping" / "products.sql").unlink()
    assert "products" not in run(example).rows


def test_the_page_names_every_header_and_every_shipped_mapping():
    assert [name for name in HEADERS if f"`-- {name}:" not in PAGE] == []
    assert [name for name in known_mappings() if f"`{name}`" not in PAGE and f"--mapping {name}" not in PAGE] == []


def test_every_shipped_mapping_has_its_page_and_states_what_it_needs():
    sources = Path(__file__).parents[3] / "docs" / "sources"
    for name in known_mappings():
        mappings = load_mapping_set(name)
        if name != "canonical":
            assert (sources / f"{name}.md").is_file()
            assert mappings.time_zone
            assert mappings.currency
