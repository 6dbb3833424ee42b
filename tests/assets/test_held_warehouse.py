"""A held warehouse is opened once, gives way when asked, and is opened anew after an exception."""

import pytest

from assets import warehouse as warehouse_module
from assets.warehouse import HeldWarehouse, open_warehouse
from assets.warehouse_errors import QueryRefusedError


@pytest.fixture
def openings(monkeypatch) -> list:
    found, real = [], warehouse_module._connect
    monkeypatch.setattr(warehouse_module, "_connect", lambda *arguments: found.append(1) or real(*arguments))
    return found


def test_uses_share_one_opening_and_see_each_others_rows(tmp_path, openings):
    held = HeldWarehouse(tmp_path)
    with held.use() as first:
        first.remember("colour", "green")
        first.connection.execute("create temp table mine as select 1 as one")
    with held.use() as second:
        assert second.recall("colour") == "green"
        assert second.value("select current_setting('TimeZone')") == "UTC"
        # what one use keeps for itself is gone with it
        assert second.value("select count(*) from duckdb_tables() where table_name = 'mine'") == 0
    held.let_go()
    assert len(openings) == 1
    assert not (tmp_path / "warehouse.duckdb.wal").exists()
    with open_warehouse(tmp_path) as later:
        assert later.recall("colour") == "green"


def fail_half_way(held: HeldWarehouse) -> None:
    with held.use() as warehouse, warehouse.transaction():
        warehouse.remember("colour", "green")
        raise QueryRefusedError("the step failed")


def test_an_exception_rolls_back_and_closes(tmp_path, openings):
    held = HeldWarehouse(tmp_path)
    with pytest.raises(QueryRefusedError, match="step"):
        fail_half_way(held)
    with held.use() as second:
        assert second.recall("colour") is None
    held.let_go()
    assert len(openings) == 2


def test_a_large_file_is_closed_after_each_use(tmp_path, openings, monkeypatch):
    monkeypatch.setattr(warehouse_module, "HELD_AT_MOST_BYTES", 0)
    held = HeldWarehouse(tmp_path)
    for _ in range(2):
        with held.use() as warehouse:
            warehouse.remember("colour", "green")
    assert len(openings) == 2
