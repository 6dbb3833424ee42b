"""The dictionary speaks one language: names follow the grammar, units are known, no two entries mean the same.

That every entry is used, and has the type that the SQL files make, is checked where the files are bound.
"""

import re

import pytest

from contracts.columns import COLUMNS
from contracts.contract import type_names
from contracts.sources import DIRECT_IDENTIFIERS

UNITS = {
    "UTC", "base currency", "bytes", "count", "days", "months", "order currency", "pieces", "probability", "ratio", "seconds",
    "share",
}  # fmt: skip
# ending or beginning of a name -> types it may have, unit it must have (None: any)
GRAMMAR: dict[str, tuple[set[str], str | None]] = {
    r".*_at$": ({"TIMESTAMP"}, "UTC"),
    r".*_date$": ({"DATE"}, None),
    r"(is|has)_.*": ({"BOOLEAN"}, None),
    r".*_count$": ({"BIGINT"}, "count"),
    r".*_days$": ({"INTEGER", "BIGINT", "DOUBLE"}, "days"),
    r".*_s$": ({"BIGINT", "DOUBLE"}, "seconds"),
    r".*_share$": ({"DOUBLE"}, "share"),
    r".*_probability$": ({"DOUBLE"}, "probability"),
    r".*_id$": ({"VARCHAR"}, None),
    r".*_key$": ({"INTEGER"}, None),
    r".*_amount$": ({"DECIMAL(18,4)", "DOUBLE"}, "base currency"),
}
EXCEPTIONS = {
    "bytes_count": "a size, in bytes",
    "cluster_id": "the number a model gives; no source's id",
    "entered_at": "an as_of: lists know days, not hours",
    "expires_at": "an as_of: lists know days, not hours",
    "line_amount": "as the source states it, in the order's currency",
    "refunded_amount": "as the source states it, in the order's currency",
    "repeat_days": "x of the CLV models: a count of days, not a length",
}
DATES_BY_OTHER_NAMES = {"as_of", "test_as_of", *EXCEPTIONS}
TIMES_BY_OTHER_NAMES = {"valid_from"}
BOOLEANS_BY_OTHER_NAMES = {"marketing_consent"}
NAMES_OF_THINGS = {"name"}  # of a product; of people no column of such a name is loaded


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_entry(name):
    column = COLUMNS[name]
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name)
    assert column.type in type_names
    assert column.unit is None or column.unit in UNITS, (
        f"{column.unit!r} is no unit we know; add it to the test if it is one"
    )
    assert column.description.endswith("."), "say what it means, in a sentence"
    for pattern, (types, unit) in GRAMMAR.items():
        if re.fullmatch(pattern, name) and name not in EXCEPTIONS:
            assert column.type in types, f"a name like {pattern} has type {' or '.join(types)}"
            assert unit is None or column.unit == unit, f"a name like {pattern} is in {unit}"


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_type_shows_in_the_name(name):
    column = COLUMNS[name]
    shows = {
        "DATE": name.endswith("_date") or name in DATES_BY_OTHER_NAMES,
        "TIMESTAMP": name.endswith("_at") or name in TIMES_BY_OTHER_NAMES,
        "BOOLEAN": name.startswith(("is_", "has_")) or name in BOOLEANS_BY_OTHER_NAMES,
    }
    assert shows.get(column.type, True), f"{column.type} does not show in the name {name!r}"


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_what_comes_later_names_its_date(name):
    column = COLUMNS[name]
    if column.known_at:
        assert COLUMNS[column.known_at].type == "DATE"
        assert COLUMNS[column.known_at].known_at == column.known_at, "the date is known when it comes, not before"
        assert not column.changes, "a value with a date of its own does not change without one"


def test_no_synonyms():
    seen: dict[str, str] = {}
    for column in COLUMNS.values():
        said = re.sub(r"\W+", " ", column.description.lower()).strip()
        assert said not in seen, f"{column.name} and {seen[said]} are described alike: keep one name"
        seen[said] = column.name


def test_exceptions_are_needed():
    assert set(COLUMNS) >= {
        *EXCEPTIONS,
        *TIMES_BY_OTHER_NAMES,
        *BOOLEANS_BY_OTHER_NAMES,
        *DATES_BY_OTHER_NAMES,
        *NAMES_OF_THINGS,
    }
    for name in EXCEPTIONS:
        kept = [rule for pattern, rule in GRAMMAR.items() if re.fullmatch(pattern, name)]
        column = COLUMNS[name]
        assert any(column.type not in types or unit not in (None, column.unit) for types, unit in kept), (
            f"{name} keeps the grammar"
        )


def test_no_direct_identifier_is_a_column():
    assert {name for name in COLUMNS if name in DIRECT_IDENTIFIERS} <= NAMES_OF_THINGS
