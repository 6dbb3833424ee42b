"""Every SQL file binds on an empty warehouse, and its columns are those of the dictionary, without a lossy cast.

What the rows are is the matter of the cases; which functions a file may use that of the lint.
"""

import re

import pytest

from assets.stored_layout import stored_columns
from contracts.columns import COLUMNS
from contracts.outputs import TABLES
from contracts.sources import SOURCES
from sql.queries import load_queries

INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}
EXACT_IN_DOUBLE = {"TINYINT", "SMALLINT", "INTEGER", "FLOAT"}


def is_lossless(found: str, wanted: str) -> bool:
    """Return whether every value of one type either fits the other or raises; nothing may be rounded or cut silently.

    HUGEINT is what DuckDB makes of a sum of integers, DECIMAL(38, s) of a sum of decimals.
    """
    if found in (wanted, "NULL", '"NULL"'):
        return True
    if wanted in INTEGERS:
        return found in INTEGERS
    if wanted == "DOUBLE":
        return found in EXACT_IN_DOUBLE
    if wanted == "TIMESTAMP":
        return found == "DATE"
    decimal = re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", wanted)
    if decimal:
        scale = re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", found)
        return found in INTEGERS or bool(scale and int(scale[1]) <= int(decimal[1]))
    return False


@pytest.fixture(scope="module")
def bound_columns(bound_warehouse, any_parameters) -> dict[str, list[tuple[str, str]]]:
    """`layer.table` -> (column, type) as DuckDB binds the file itself, before the writer's casts."""
    columns = {}
    for table, query in load_queries().items():
        used = {name: value for name, value in any_parameters.items() if name in query.parameters}
        columns[table] = [
            row[:2] for row in bound_warehouse.connection.execute(f"describe {query.sql}", used).fetchall()
        ]
    return columns


@pytest.mark.parametrize("table", list(load_queries()))
def test_columns_are_in_the_dictionary_with_their_type(table, bound_columns):
    wrong = []
    for name, found in bound_columns[table]:
        if name not in COLUMNS:
            wrong.append(f"{name} ({found}) is not in the dictionary: add it to contracts/columns/")
        elif not is_lossless(found, COLUMNS[name].type):
            wrong.append(
                f"{name} is {found}, the dictionary says {COLUMNS[name].type}: cast it in the file, with round or floor"
            )
    assert not wrong, f"{table}: {'; '.join(wrong)}"


@pytest.mark.parametrize("table", list(load_queries()))
def test_stored_table_has_exactly_the_dictionary_types(table, bound_warehouse):
    stored = bound_warehouse.connection.execute(f"describe {table}").fetchall()
    assert [(row[0], row[1]) for row in stored] == [(row[0], COLUMNS[row[0]].type) for row in stored]


@pytest.mark.parametrize("table", list(load_queries()))
def test_grain_and_partition_are_columns(table, bound_columns):
    query = load_queries()[table]
    names = [name for name, _ in bound_columns[table]]
    assert len(set(names)) == len(names), "a column stands twice"
    if query.kind == "view":
        return
    lacking = [name for name in (*query.grain, *([query.partition] if query.partition else [])) if name not in names]
    assert not lacking, f"{table}: the header names {', '.join(lacking)}, which the file does not make"
    if query.kind == "snapshot":
        assert "as_of" in names


@pytest.mark.parametrize("table", list(load_queries()))
def test_nothing_comes_of_nothing(table, bound_warehouse):
    assert bound_warehouse.count(table) == 0


@pytest.mark.parametrize("table", list(load_queries()))
def test_asserts_bind(table, bound_warehouse):
    for rule in load_queries()[table].asserts:
        bound_warehouse.connection.execute(f"select count(*) from {table} where not ({rule})")


def test_no_entry_of_the_dictionary_is_idle(bound_columns):
    used = {name for contract in SOURCES.values() for name in (*contract.columns, *stored_columns(contract))}
    used |= {name for table in TABLES.values() for name in table.columns}
    used |= {name for columns in bound_columns.values() for name, _ in columns}
    assert sorted(set(COLUMNS) - used) == [], "no table has these columns; take them out of contracts/columns/"


@pytest.mark.parametrize(
    "found, wanted, lossless",
    [
        ("HUGEINT", "BIGINT", True),
        ("BIGINT", "INTEGER", True),
        ("INTEGER", "DOUBLE", True),
        ("DECIMAL(38,4)", "DECIMAL(18,4)", True),
        ("DECIMAL(18,2)", "DECIMAL(18,4)", True),
        ("INTEGER", "DECIMAL(18,4)", True),
        ("DATE", "TIMESTAMP", True),
        ("DOUBLE", "BIGINT", False),
        ("DOUBLE", "DECIMAL(18,4)", False),
        ("DECIMAL(18,4)", "DOUBLE", False),
        ("DECIMAL(18,6)", "DECIMAL(18,4)", False),
        ("BIGINT", "DOUBLE", False),
        ("TIMESTAMP", "DATE", False),
        ("VARCHAR", "DATE", False),
        ("INTEGER", "VARCHAR", False),
    ],
)
def test_what_is_lossless(found, wanted, lossless):
    assert is_lossless(found, wanted) is lossless
