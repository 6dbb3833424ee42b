"""Contracts and output tables are complete in themselves: every name they use is a column, every rule binds.

What the rules accept and refuse is tested with ingest.
"""

from datetime import datetime

import pytest

from assets.stored_layout import stored_columns
from assets.warehouse import open_in_memory
from contracts.columns import COLUMNS
from contracts.contract import SourceContract
from contracts.outputs import PUBLISHED_TABLES, SEGMENTS, TABLES
from contracts.sources import PROVENANCE, SOURCES
from sql.queries import exp, load_queries, parse

CONTRACTS = list(SOURCES.values())


@pytest.fixture(scope="module")
def empty_warehouse():
    with open_in_memory() as warehouse:
        yield warehouse


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
class TestSource:
    def test_names(self, contract: SourceContract):
        dated = [day for _, day in contract.dates]
        assert contract.name == next(name for name, other in SOURCES.items() if other is contract)
        assert len(set(contract.columns)) == len(contract.columns)
        assert not {*contract.columns, *dated, *(key for _, key in contract.keyed), *PROVENANCE} - set(COLUMNS)
        assert set(contract.required) <= set(contract.columns)
        assert set(contract.key) <= {*contract.columns, *dated}
        assert contract.event_time is None or contract.event_time in contract.required
        assert contract.description.startswith("One row per ")

    def test_key_is_required_or_tells_versions_apart(self, contract: SourceContract):
        dates = {day: moment for moment, day in contract.dates}
        optional = [name for name in contract.key if dates.get(name, name) not in contract.required]
        assert all(COLUMNS[name].type == "TIMESTAMP" for name in optional)

    def test_every_time_has_its_business_date(self, contract: SourceContract):
        times = {name for name in contract.columns if COLUMNS[name].type == "TIMESTAMP" and name != "updated_at"}
        assert times == {moment for moment, _ in contract.dates}, (
            "without a business date nobody can compare it with as_of"
        )
        for moment, day in contract.dates:
            assert COLUMNS[day].type == "DATE"
            assert day == moment.removesuffix("_at").removesuffix("_date") + "_date" or day == "activity_date"

    def test_what_comes_later_has_its_date_in_the_row(self, contract: SourceContract):
        later = {COLUMNS[name].known_at for name in contract.columns} - {None}
        assert later <= {day for _, day in contract.dates}

    def test_rules_bind_and_speak(self, contract: SourceContract, empty_warehouse):
        assert len({rule.name for rule in contract.rules}) == len(contract.rules)
        assert len({rule.reason for rule in contract.rules}) == len(contract.rules)
        for rule in contract.rules:
            parameters = {"received_at": datetime(2024, 1, 1)} if "$received_at" in rule.holds else {}  # noqa: DTZ001  UTC
            columns = ", ".join(f"cast(null as {COLUMNS[name].type}) as {name}" for name in contract.columns)
            rows = empty_warehouse.connection.execute(
                f"select {rule.holds} from (select {columns})", parameters
            ).fetchall()
            about_presence = "is not null" in rule.holds
            assert rows == [(None,)] or about_presence, f"{rule.name}: absent values must count as held"

    def test_bronze_table_holds_it(self, contract: SourceContract, empty_warehouse):
        found = empty_warehouse.connection.execute(f"describe bronze.{contract.name}").fetchall()
        assert [(row[0], row[1]) for row in found] == [(name, COLUMNS[name].type) for name in stored_columns(contract)]


@pytest.mark.parametrize("name", list(TABLES))
def test_output_table(name, empty_warehouse):
    table = TABLES[name]
    assert len(set(table.columns)) == len(table.columns)
    assert set(table.grain) | set(table.nullable) <= set(table.columns) <= set(COLUMNS)
    assert table.description.startswith("One row per ")
    found = empty_warehouse.connection.execute(f"describe {name}").fetchall()
    assert [(row[0], row[1]) for row in found] == [(column, COLUMNS[column].type) for column in table.columns]


def test_published_tables_and_segments_exist():
    assert set(PUBLISHED_TABLES) <= {*TABLES, *load_queries()}
    assert sorted(f"segment.{name}" for name in SEGMENTS) == sorted(
        t for t, query in load_queries().items() if query.layer == "segment"
    )


def test_no_table_is_made_twice():
    assert not set(TABLES) & set(load_queries())


def test_every_input_of_a_query_is_made_by_someone():
    made = {*TABLES, *load_queries(), *(f"bronze.{name}" for name in SOURCES)}
    assert [(table, name) for table, query in load_queries().items() for name in query.inputs if name not in made] == []


def test_no_query_reads_a_direct_identifier():
    """`name` is a product's; a user table has none, so nothing can be read by mistake."""
    users = {name for contract in CONTRACTS if contract.name != "products" for name in contract.columns}
    assert "name" not in users
    readers = {
        table
        for table, query in load_queries().items()
        for column in parse(query.path).find_all(exp.Column)
        if column.name == "name"
    }
    assert readers <= {"core.products"} | {
        table for table, query in load_queries().items() if "core.products" in query.inputs
    }
