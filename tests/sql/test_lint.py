"""The house's SQL files are clean, and each rule of the lint finds what it is for and lets the right way pass."""

import re
from pathlib import Path

import pytest

from sql.lint import RULES, SqlFile, lint, lint_mapping, lint_mapping_file
from sql.mappings import known_mappings, load_mapping_set
from sql.queries import QueryError, load_queries, load_query, parse

HEADER = "-- One row per user: a snippet.\n-- grain: user_id\n"
SNAPSHOT = "-- One row per user and as_of: a snippet.\n-- grain: user_id, as_of\n"


def lint_text(tmp_path, sql: str, *, layer: str = "core", header: str = HEADER) -> list[str]:
    path = tmp_path / layer / "snippet.sql"
    path.parent.mkdir(exist_ok=True)
    path.write_text(header + sql, encoding="utf-8")
    return lint(load_query(path))


@pytest.mark.parametrize("table", list(load_queries()))
def test_house_file_is_clean(table):
    assert not lint(load_queries()[table])


@pytest.mark.parametrize("name", known_mappings())
def test_shipped_mapping_is_clean(name):
    assert not [message for mapping in load_mapping_set(name).mappings.values() for message in lint_mapping(mapping)]


# tests/sql/lint/<rule>.sql holds pairs: `-- wrong: what` and a SELECT that breaks this rule and no other, then the right way
PAIR = re.compile(r"-- wrong: (?P<what>.+)\n(?P<wrong>[^;]+);\n-- right\n(?P<right>[^;]+);\n+")
PAIRS = [
    pytest.param(path.stem, pair["wrong"], pair["right"], id=f"{path.stem}: {pair['what']}")
    for path in sorted((Path(__file__).parent / "lint").glob("*.sql"))
    for pair in PAIR.finditer(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("rule, wrong, right", PAIRS)
def test_rule(tmp_path, rule, wrong, right):
    layer, header = ("feature", SNAPSHOT) if rule == "no_undated_feature" else ("core", HEADER)
    assert not lint_text(tmp_path, right, layer=layer, header=header)
    assert lint_text(tmp_path, wrong, layer=layer, header=header)
    tree = parse(tmp_path / layer / "snippet.sql")
    file = SqlFile("snippet", layer, tree, duckdb_only=False)
    assert [check.__name__ for check in RULES if list(check(file))] == [rule]


def test_every_rule_has_snippets():
    files = {path.stem: path for path in (Path(__file__).parent / "lint").glob("*.sql")}
    assert sorted(files) == sorted(rule.__name__ for rule in RULES)
    for path in files.values():
        text = path.read_text(encoding="utf-8")
        assert not PAIR.sub("", text).strip(), f"{path.name}: something else than pairs of wrong and right"


def test_a_file_that_needs_duckdb_says_so(tmp_path):
    sql = "select * replace (upper(user_id) as user_id) from core.users"
    assert not lint_text(tmp_path, sql, header=HEADER + "-- duckdb-only: forty columns, one changed\n")


@pytest.mark.parametrize(
    "layer, table, message",
    [
        ("core", "feature.user_features", "later layer"),
        ("score", "label.user_outcomes", "only training and report may read labels"),
        ("segment", "label.user_outcomes", "only training and report may read labels"),
        ("feature", "gold.users", "no layer 'gold'"),
    ],
)
def test_layers(tmp_path, layer, table, message):
    assert any(message in found for found in lint_text(tmp_path, f"select user_id from {table}", layer=layer))


@pytest.mark.parametrize(
    "layer, table", [("report", "label.user_outcomes"), ("label", "core.orders"), ("segment", "score.user_value")]
)
def test_layers_that_may(tmp_path, layer, table):
    assert not lint_text(tmp_path, f"select user_id from {table}", layer=layer)


def test_messages_say_which_file_and_what(tmp_path):
    (message,) = lint_text(tmp_path, "select user_id, cast(1 as double) / score as share from core.feedback")
    assert message == "core/snippet.sql: divides by what may be 0; write nullif(..., 0): CAST(1 AS DOUBLE) / score"


def test_a_mapping_cuts_local_times_to_dates_but_does_not_round(tmp_path):
    path = tmp_path / "orders.sql"
    path.write_text("-- rows: all\nselect _row, cast(placed as date) as ordered_at from landing.lines\n")
    assert not lint_mapping_file(path)
    for name in ("n", "quantity", "line_number"):  # what lands is text, whatever the dictionary says of such a name
        path.write_text(f"-- rows: all\nselect _row, try_cast({name} as integer) as {name} from landing.lines\n")
        (message,) = lint_mapping_file(path)
        assert "may not be one" in message


def test_a_mapping_may_say_why_an_order_is_total(tmp_path):
    path = tmp_path / "orders.sql"
    sql = "select arg_max(city, placed) as region from landing.lines group by customer\n"
    path.write_text("-- rows: derived from lines\n" + sql)
    assert lint_mapping_file(path)
    path.write_text("-- rows: derived from lines\n-- total-order: the export writes each second once\n" + sql)
    assert not lint_mapping_file(path)


def test_a_table_cannot_say_so(tmp_path):
    with pytest.raises(QueryError, match="unknown header total-order"):
        lint_text(tmp_path, "select user_id from core.users", header=HEADER + "-- total-order: trust me\n")


@pytest.mark.parametrize("policy", ["window_days = ninety", "days = 90", "window_days = 90; drop table x"])
def test_a_policy_is_a_number_that_the_text_names(tmp_path, policy):
    with pytest.raises(QueryError, match="must be `name = number`"):
        lint_text(
            tmp_path, "select user_id, $window_days as days from core.users", header=f"{HEADER}-- policy: {policy}\n"
        )
