"""The ledger against the truth: every dirty row of a simulated shop is found, and none besides."""

from datetime import datetime

import pyarrow.parquet as pq
import pytest

from assets.ingest import ingest
from assets.warehouse import open_warehouse
from pipelines.world import SOURCES, generate
from sql.mappings import load_mapping_set

RECEIVED_AT = datetime(2024, 12, 31)  # noqa: DTZ001 - the ledger's times are UTC without a zone


@pytest.fixture(scope="module", params=["csv", pytest.param("parquet", marks=pytest.mark.slow)])
def ledger(request, tmp_path_factory):
    """Return the listed dirty rows, what ingest counted, and the places it quarantined."""
    root = tmp_path_factory.mktemp(f"ledger-{request.param}")
    generate(root / "shop", users=300, events=12_000, days=90, seed=21, file_format=request.param, dirty_share=0.01)
    (root / "home").mkdir()
    summary = ingest(
        root / "home",
        root / "shop",
        load_mapping_set("canonical"),
        received_at=RECEIVED_AT,
        time_zone="Asia/Shanghai",
        base_currency="CNY",
    )
    with open_warehouse(root / "home") as warehouse:
        quarantined = warehouse.frame("select file_name, record_number from bronze.quarantine")
    listed = pq.read_table(root / "shop" / "truth" / "dirty_rows.parquet").to_pandas()
    clean = generate(root / "clean", users=300, events=12_000, days=90, seed=21, file_format=request.param)
    return listed, summary, quarantined, clean.rows


def places(frame, file_column):
    return {(name, int(number)) for name, number in zip(frame[file_column], frame.record_number, strict=True)}


def test_every_dirty_row_is_quarantined_and_none_besides(ledger):
    listed, summary, quarantined, _ = ledger
    assert summary.stopped == []
    broken = listed[listed.kind != "duplicate_row"]
    assert len(broken) > 50
    assert places(quarantined, "file_name") == places(broken, "file")


def test_copies_are_counted_and_every_good_row_is_loaded(ledger):
    listed, summary, _, clean = ledger
    for source in SOURCES:
        copies = ((listed.source == source) & (listed.kind == "duplicate_row")).sum()
        counts = summary.rows[source]
        # An order sent again with an older state is superseded, not a copy.
        assert counts["duplicate"] == copies
        assert counts["loaded"] + counts["updated"] == clean[source]


@pytest.mark.slow
def test_optional_sources_are_taken_in_whole(tmp_path):
    made = generate(tmp_path / "shop", users=300, events=12_000, days=90, seed=21, optional=True)
    summary = ingest(
        tmp_path / "home",
        tmp_path / "shop",
        load_mapping_set("canonical"),
        received_at=RECEIVED_AT,
        time_zone="Asia/Shanghai",
        base_currency="CNY",
    )
    written = {
        path.split("/")[1].split(".")[0]: rows for path, rows in made.file_rows.items() if path.startswith("optional/")
    }
    assert len(written) == 5
    for contract, rows in written.items():
        counts = summary.rows[contract]
        assert (counts["staged"], counts["loaded"], counts["quarantined"]) == (rows, rows, 0), contract
    assert not [notice for notice in summary.notices if "left alone" in notice]
