"""Runs the cases beside it: `tests/sql/<layer>/<table>.yaml` says which rows a SQL file must make of which.

The questions of `sql/analysis/` have theirs in `tests/sql/analysis/`.

A file holds `cases`, and may hold `params` and `defaults` (values of columns that a row does not name) for all of them:

    params: {as_of: 2024-02-01}
    defaults:
      core.orders: {kind: sale}
    cases:
      - name: an order counts from the day after
        given:
          core.orders:
            - {order_id: a, user_id: ann, ordered_date: 2024-01-31}
        expect:
          - {user_id: ann, recency_days: 1}    # 1 February - 31 January

Tables that are not given are empty; columns that are not named are null. `expect` lists every row but only the columns
that matter, in any order unless the case says `in_order: true`. Doubles agree within 1e-9, all else exactly. The grain
and the asserts of the file's header must hold for every case. `params` may give a table's policy other numbers, too.
"""

import math
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from assets.warehouse import Warehouse
from sql.analyses import AnalysisQuery, known_analyses, load_analysis
from sql.queries import PARAMETERS, SQL_LAYERS, Query, load_queries

HERE = Path(__file__).parent
FILE_KEYS = {"params", "defaults", "cases"}
CASE_KEYS = {"name", "given", "params", "expect", "in_order"}


def _case_files() -> dict[str, Path]:
    return {
        f"{path.parent.name}.{path.stem}": path
        for layer in (*SQL_LAYERS, "analysis")
        for path in sorted((HERE / layer).glob("*.yaml"))
    }


def _all_cases() -> list[Any]:
    parameters = []
    for table, path in _case_files().items():
        content = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
        if strange := set(content) - FILE_KEYS:
            pytest.fail(f"{path.name}: unknown key {strange}; known are {FILE_KEYS}")
        for case in content["cases"]:
            if strange := set(case) - CASE_KEYS:
                pytest.fail(f"{path.name}, case {case.get('name')!r}: unknown key {strange}; known are {CASE_KEYS}")
            parameters.append(pytest.param(table, content, case, id=f"{table}: {case['name']}"))
    return parameters


def _load(table: str) -> Query | AnalysisQuery:
    layer, name = table.split(".")
    return load_analysis(name) if layer == "analysis" else load_queries()[table]


def _readable(query: Query | AnalysisQuery) -> set[str]:
    itself = {query.table} if isinstance(query, Query) and query.reads_itself else set()
    return {*query.inputs, *itself}


def _fill(warehouse: Warehouse, readable: set[str], given: dict[str, list[dict]], defaults: dict[str, dict]) -> None:
    """Insert the given rows, each with its defaults, into the tables the query reads."""
    for table, rows in given.items():
        if table not in readable:
            pytest.fail(f"the query does not read {table}; it reads {', '.join(sorted(readable))}")
        known = {row[0] for row in warehouse.connection.execute(f"describe {table}").fetchall()}
        for row in rows:
            full = {**defaults.get(table, {}), **row}
            if strange := set(full) - known:
                pytest.fail(f"{table} has no column {', '.join(sorted(strange))}")
            columns = ", ".join(f'"{name}"' for name in full)
            marks = ", ".join(f"${number}" for number in range(1, len(full) + 1))
            warehouse.connection.execute(f"insert into {table} ({columns}) values ({marks})", list(full.values()))


def _typed(wanted: str, value: Any) -> Any:
    """Return a value of the YAML file as DuckDB would give back one of the wanted type."""
    if value is None:
        return None
    if wanted.startswith("DECIMAL"):
        return Decimal(str(value)).quantize(Decimal("0.0001"))
    if wanted == "DOUBLE":
        return float(value)
    if wanted == "TIMESTAMP" and not isinstance(value, datetime):
        return datetime.combine(value, time())
    return value


def _same(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, float) and isinstance(found, float):
        return math.isclose(wanted, found, rel_tol=1e-9, abs_tol=1e-9)
    return wanted == found


def _assert_rows(expected: list[dict], found: list[dict], types: dict[str, str], *, in_order: bool) -> None:
    """Fail unless each expected row is one of the found ones and none is left over."""
    left = list(found)
    if strange := {name for row in expected for name in row} - set(types):
        pytest.fail(f"the query makes no column {', '.join(sorted(strange))}")
    for number, raw in enumerate(expected):
        row = {name: _typed(types[name], value) for name, value in raw.items()}
        pool = left[:1] if in_order else left
        match = next((have for have in pool if all(_same(value, have[name]) for name, value in row.items())), None)
        if match is None:
            shown = "\n  ".join(str({name: have[name] for name in row}) for have in found) or "no row at all"
            pytest.fail(f"expected row {number + 1} is not there:\n  {row}\nfound:\n  {shown}")
        left.remove(match)
    if left:
        shown = "\n  ".join(str({name: row[name] for name in (expected[0] if expected else row)}) for row in left)
        pytest.fail(f"{len(left)} rows more than expected:\n  {shown}")


def _answer(warehouse: Warehouse, query: Query | AnalysisQuery, params: dict[str, Any]) -> str:
    """Return the SELECT of the case: a table's columns take their types from the dictionary, a question's are its own."""
    if isinstance(query, AnalysisQuery):
        return query.sql
    if query.policy.keys() & params.keys():
        return query.question
    return warehouse.typed_select(query, params)


def run_case(warehouse: Warehouse, query: Query | AnalysisQuery, content: dict, case: dict) -> None:
    """Fill the inputs, run the query, compare, and leave the warehouse empty again."""
    params = {**content.get("params", {}), **case.get("params", {})}
    is_table = isinstance(query, Query)
    policy = {name: yaml.safe_load(number) for name, number in query.policy.items()} if is_table else {}
    if policy.keys() & params.keys():
        params = {**policy, **params}
    if strange := set(params) - query.parameters - set(policy) - (set(PARAMETERS) if is_table else set()):
        pytest.fail(f"unknown parameter {strange}; known are {', '.join(sorted({*query.parameters, *policy}))}")
    if lacking := query.parameters - set(params):
        pytest.fail(f"the query needs the parameters {lacking}")
    used = {name: value for name, value in params.items() if name in query.parameters or name in policy}
    connection = warehouse.connection
    connection.execute("begin transaction")
    try:
        _fill(warehouse, _readable(query), case.get("given") or {}, content.get("defaults") or {})
        connection.execute(f"create temp table answer as {_answer(warehouse, query, used)}", used)
        types = {row[0]: row[1] for row in connection.execute("describe answer").fetchall()}
        rows = connection.execute("select * from answer").fetchall()
        found = [dict(zip(types, row, strict=True)) for row in rows]
        asserts = query.asserts if is_table and not policy.keys() & params.keys() else ()
        broken = [rule for rule in asserts if warehouse.value(f"select count(*) from answer where not ({rule})")]
    finally:
        connection.execute("rollback")
    assert not broken, f"asserts of the header do not hold: {broken}"
    if is_table and query.kind != "view":
        keys = [tuple(row[name] for name in query.grain) for row in found]
        assert len(set(keys)) == len(keys), f"rows repeat the grain {query.grain}: {keys}"
    _assert_rows(case["expect"] or [], found, types, in_order=case.get("in_order", False))


@pytest.mark.parametrize("table, content, case", _all_cases())
def test_case(bound_warehouse, table, content, case):
    run_case(bound_warehouse, _load(table), content, case)


def test_every_file_has_cases_and_every_case_file_a_sql_file():
    questions = {f"analysis.{name}" for name in known_analyses()}
    assert sorted(_case_files()) == sorted({*load_queries(), *questions}), (
        "one name: sql/<layer>/<table>.sql, tests/sql/<layer>/<table>.yaml"
    )


CASE = {
    "name": "probe",
    "given": {"bronze.campaigns": [{"campaign_id": "f", "kind": "sms"}]},
    "expect": [{"kind": "sms"}],
}


def test_runner_accepts_what_is_right(bound_warehouse):
    run_case(bound_warehouse, load_queries()["core.campaigns"], {}, CASE)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"expect": [{"kind": "mail"}]}, "expected row 1 is not there"),
        ({"expect": [{"stars": 4}]}, "makes no column stars"),
        ({"expect": []}, "1 rows more than expected"),
        ({"expect": [{"kind": "sms"}, {"kind": "sms"}]}, "expected row 2 is not there"),
        ({"given": {"bronze.orders": []}}, "does not read bronze.orders"),
        ({"given": {"bronze.campaigns": [{"stars": 4}]}}, "has no column stars"),
        ({"params": {"today": 1}}, "unknown parameter"),
    ],
)
def test_runner_finds_what_is_wrong(bound_warehouse, change, message):
    with pytest.raises(pytest.fail.Exception, match=message):
        run_case(bound_warehouse, load_queries()["core.campaigns"], {}, {**CASE, **change})
    assert bound_warehouse.count("bronze.campaigns") == 0
