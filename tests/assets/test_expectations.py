"""Every rule of a contract is judged by name: a broken one fails with its count, the others pass."""

import pytest

from assets.expectations import contract_check_specs, contract_checks
from assets.warehouse import open_in_memory


@pytest.mark.slow
def test_broken_rules_are_told_by_name_and_count():
    with open_in_memory() as warehouse:
        run = warehouse.connection.execute
        for number, price in enumerate((1, -2, -3)):
            run(
                "insert into bronze.products (product_id, list_price, row_hash) values ($1, $2, '')",
                [f"p{number}", price],
            )
        run("insert into bronze.products (product_id, list_price, row_hash) values (null, 1, '')")
        run("insert into bronze.feedback (feedback_id, row_hash) values (null, '')")
        found = {
            (check.asset_key.path[-1], check.check_name): (check.passed, check.metadata["rows_breaking_it"].value)
            for check in contract_checks(warehouse)
        }
    assert len(found) == len(contract_check_specs())
    broken = {name: count for (table, name), (passed, count) in found.items() if not passed and table == "products"}
    assert broken.pop("product_id_not_null") == 1
    assert list(broken.values()) == [2]  # the rule about prices
    assert found["feedback", "feedback_id_not_null"] == (False, 1)
    assert all(passed == (count == 0) for passed, count in found.values())
