"""Pages that the engine holds go back to the system, and its limit is what it was."""

import pytest

from assets.warehouse import open_warehouse

MANY = "create temp table many as select number, hash(number) as other from range(20000000) as r(number)"
IN_USE = "select sum(memory_usage_bytes) from duckdb_memory()"
LIMIT = "select current_setting('memory_limit')"


@pytest.mark.parametrize("can_spill", [True, False])
def test_pages_are_given_back_where_they_can_be_and_the_limit_stays(tmp_path, can_spill):
    with open_warehouse(tmp_path, memory_limit="900MB") as warehouse:
        limit = warehouse.value(LIMIT)
        if not can_spill:
            warehouse.connection.execute("set temp_directory = ''")
        warehouse.connection.execute(MANY)
        before = int(str(warehouse.value(IN_USE)))
        assert before > 300e6
        warehouse.free_memory()
        assert (int(str(warehouse.value(IN_USE))) <= 256e6) is can_spill
        assert warehouse.value(LIMIT) == limit
        assert warehouse.count("many") == 20_000_000
