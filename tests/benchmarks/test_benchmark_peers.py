"""Answers count as equal only when every row is; and our own engine answers as the product's definitions say."""

import json
from pathlib import Path

import duckdb
import numpy as np
import pytest

from benchmarks.peers.btyd import unequal
from benchmarks.peers.btyd_fit import TRUE, customers
from benchmarks.peers.clickstream import QUIET, TOOLS
from benchmarks.peers.core_tables import TABLES
from benchmarks.peers.equality import differences
from benchmarks.peers.questions import QUESTIONS
from benchmarks.peers.tasks import TASKS
from benchmarks.peers.trellis_engine import answering
from benchmarks.usage import measure


def written(path: Path, select: str) -> Path:
    duckdb.execute(f"copy ({select}) to '{path}' (format parquet)")
    return path


def test_equal_rows_in_other_order_and_type_are_equal(tmp_path: Path) -> None:
    ours = written(
        tmp_path / "a.parquet", "select * from (values (1::bigint, date '2024-01-01'), (2, null)) as t(x, d)"
    )
    theirs = written(
        tmp_path / "b.parquet", "select * from (values (null::date, 2::utinyint), (date '2024-01-01', 1)) as t(d, x)"
    )
    assert differences(ours, theirs) == {"rows": 2, "only_ours": [], "only_theirs": []}


@pytest.mark.parametrize(
    "other", ["select 1 as x union all select 3", "select 1 as x", "select 1 as x union all select 1"]
)
def test_one_row_too_many_or_wrong_is_told(tmp_path: Path, other: str) -> None:
    ours = written(tmp_path / "a.parquet", "select 1 as x union all select 2")
    found = differences(ours, written(tmp_path / "b.parquet", other))
    assert "(2,)" in found["only_ours"]


def test_other_columns_are_told(tmp_path: Path) -> None:
    ours = written(tmp_path / "a.parquet", "select 1 as x, 2 as y")
    found = differences(ours, written(tmp_path / "b.parquet", "select 1 as x"))
    assert found["only_ours"] == [["y"]]


def test_parameters_must_agree_to_a_thousandth() -> None:
    assert unequal({"r": 1.0009}, {"r": 1.0}) == []
    assert unequal({"r": 1.0, "a": 0.502}, {"r": 1.0, "a": 0.5}) == ["a: 0.502 and 0.5"]


def test_simulated_customers_are_possible_histories() -> None:
    frequency, recency, age = customers(2_000)
    assert ((recency <= age) & ((frequency > 0) == (recency > 0))).all()
    # a buyer drops out after the first purchase with probability a / (a + b), so at least that share never comes back
    assert np.mean(frequency == 0) > TRUE["a"] / (TRUE["a"] + TRUE["b"])


@pytest.fixture
def core_tables(tmp_path: Path) -> Path:
    """Ann: two days of one cohort with a whole funnel; Bob: a view; a visitor, whom only sessions count."""
    events = """select * from (values
        (1, date '2024-01-01', timestamp '2024-01-01 10:00:00', 'view'),
        (1, date '2024-01-01', timestamp '2024-01-01 10:20:00', 'cart'),
        (1, date '2024-01-03', timestamp '2024-01-03 09:00:00', 'purchase'),
        (2, date '2024-01-01', timestamp '2024-01-01 12:00:00', 'view'),
        (3, date '2024-01-02', timestamp '2024-01-02 12:00:00', 'view')
    ) as t(user_key, activity_date, occurred_at, event_type)"""
    others = "null::integer as product_key, null::integer as target_user_key, 'app' as channel, 'ios' as device"
    selects = {
        "events": f"select *, {others} from ({events})",
        "user_keys": "select * from (values (1, 'ann', false), (2, 'bob', false), (3, 'v', true)) "
        "as t(user_key, user_id, is_anonymous)",
        "users": "select * from (values (1, 'ann'), (2, 'bob')) as t(user_key, user_id)",
        "orders": "select 'o1' as order_id, 'ann' as user_id, 'sale' as kind, true as is_paid, "
        "timestamp '2024-01-03 09:00:00' as ordered_at, date '2024-01-03' as ordered_date, null::date as cancelled_date",
        "order_items": "select 'o1' as order_id, 'p' as product_id, 'ann' as user_id, date '2024-01-03' as ordered_date, "
        "null::date as cancelled_date, 12.5::decimal(18, 4) as paid_amount, 0::decimal(18, 4) as returned_amount, "
        "null::date as refunded_date, 0::decimal(18, 4) as refund_amount",
    }
    assert set(selects) == set(TABLES)
    for name, select in selects.items():
        written(tmp_path / f"{name}.parquet", select)
    (tmp_path / "as_of.json").write_text(json.dumps("2024-01-04"), encoding="utf-8")
    return tmp_path


EXPECTED = {
    "day_rollup": "select count(*), sum(events_count) from answer",
    "sessions": "select count(*), sum(events_count) from answer",
    "funnel": "select list(users_count order by step_number), max(step_number) from answer",
    "retention": "select list(on_users_count order by period_offset), max(period_offset) from answer",
    "rfm": "select max(recency_days), max(net_amount_365d)::varchar from answer",
}
# three user-days of users with 4 events; four sessions of 5 events; two views, a cart and a purchase by Ann;
# Ann and Bob on day 0, Ann on day 2; one day since her order of 12.50
ANSWERS = {
    "day_rollup": (3, 4),
    "sessions": (4, 5),
    "funnel": ([2, 1, 1], 3),
    "retention": ([2, 1], 2),
    "rfm": (1, "12.5"),
}


@pytest.mark.parametrize("question", list(QUESTIONS))
def test_our_engine_answers_by_definition(core_tables: Path, tmp_path: Path, question: str) -> None:
    target = tmp_path / "answer.parquet"
    with answering(question, core_tables, target) as (answer, write):
        answer()
        write()
    told = duckdb.connect()
    told.execute(f"create view answer as select * from read_parquet('{target}')")
    assert told.execute(EXPECTED[question]).fetchall() == [ANSWERS[question]]


@pytest.mark.parametrize("question", list(QUESTIONS))
@pytest.mark.parametrize("engine,library", [("clickhouse", "chdb"), ("polars", "polars")])
@pytest.mark.slow
def test_other_engines_answer_as_ours(
    core_tables: Path, tmp_path: Path, question: str, engine: str, library: str
) -> None:
    pytest.importorskip(library, reason=f"{library} comes with the extra `benchmark`")
    answers = {}
    for name in ("trellis", engine):
        answers[name] = tmp_path / f"{name}.parquet"
        asked = ["--question", question, "--data", str(core_tables), "--answer", str(answers[name])]
        measure(f"benchmarks.peers.{name}_engine", asked)
    found = differences(answers["trellis"], answers[engine])
    assert (found["only_ours"], found["only_theirs"]) == ([], [])


# (user, minutes, type): two users with a funnel each way round, a visit over midnight, two events of one moment
CLICKS = [
    (1, 0, "view"), (1, 5, "cart"), (1, 5, "search"), (1, 36, "purchase"), (1, 36 + 30, "view"), (1, 36 + 61, "view"),
    (2, 10, "purchase"), (2, 11, "cart"), (2, 12, "view"), (3, 14 * 60 - 1, "view"), (3, 14 * 60 + 1, "cart"),
]  # fmt: skip


@pytest.fixture
def clicks(tmp_path: Path) -> Path:
    rows = ", ".join(f"({user}, {minutes}, '{kind}')" for user, minutes, kind in CLICKS)
    return written(
        tmp_path / "clicks.parquet",
        "select user_key, activity_at::date as activity_date, activity_at as occurred_at, event_type from (select "
        "user_key::integer as user_key, timestamp '2024-01-01 10:00:00' + to_minutes(minutes) as activity_at, event_type "
        f"from (values {rows}) as t(user_key, minutes, event_type)) order by 1, 3, 4",
    )


def done(tool: str, clicks: Path, answers: Path) -> dict[str, list[tuple]]:
    """The answers of a tool, each as sorted rows."""
    asked = ["--file", str(clicks), "--answers", str(answers)]
    measure(f"benchmarks.peers.{tool}_tasks", asked, environment=QUIET)
    return {path.stem: sorted(duckdb.execute(f"from '{path}'").fetchall()) for path in answers.iterdir()}


@pytest.mark.slow
def test_our_click_stream_answers_are_the_counted_ones(clicks: Path, tmp_path: Path) -> None:
    found = done("trellis", clicks, tmp_path / "ours")
    # user 1: view, cart, search | purchase, view (30 min later is the same session) | view; user 2: one; user 3: one
    assert sorted(row[3] for row in found["sessions"]) == [1, 2, 2, 3, 3]
    assert found["funnel"] == [(1, 3), (2, 2), (3, 1)]
    assert ("cart", "search", 1) in found["transitions"]
    assert ("(start)", "view", 3) in found["transitions"]
    assert sum(row[2] for row in found["transitions"]) == len(CLICKS) + 5
    assert ("view", 1, 3) in found["step_matrix"]
    assert ("(end)", 4, 5) in found["step_matrix"]


@pytest.mark.slow
def test_another_click_stream_tool_answers_as_ours(clicks: Path, tmp_path: Path) -> None:
    pytest.importorskip("retentioneering", reason="retentioneering comes with the extra `benchmark`")
    ours, theirs = (tmp_path / tool for tool in TOOLS)
    for tool, answers in zip(TOOLS, (ours, theirs), strict=True):
        done(tool, clicks, answers)
    for task in TASKS:
        if task != "load":
            found = differences(ours / f"{task}.parquet", theirs / f"{task}.parquet")
            assert (task, found["only_ours"], found["only_theirs"]) == (task, [], [])
