"""The analysts' commands: what is printed, written and refused. The numbers are tested with the reports."""

import argparse
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from assets.analytics import Report
from contracts.funnels import DEFAULT_FUNNELS
from pipelines import explore
from pipelines.report_page import picture_of, report_page
from pipelines.settings import load_settings


def parse(*words):
    home = argparse.ArgumentParser(add_help=False)
    home.add_argument("--home", type=Path, default=Path("data"))
    parser = argparse.ArgumentParser()
    explore.add_commands(parser.add_subparsers(dest="command", required=True), home)
    return parser.parse_args(words)


REPORT = Report(
    "funnel <b>",
    "steps in order",
    "signed-in users",
    "7 days",
    "entries",
    pd.DataFrame({
        "dimension_value": ["all", "all"], "step_number": [1, 2], "step_name": ["view", "</script>"], "users_count": [20, 4],
        "first_share": [1.0, 0.2],
    }),
    people="users_count",
    measures=("first_share",),
)  # fmt: skip


@pytest.fixture
def asked(monkeypatch):
    """Answers every question with REPORT and remembers what was asked."""
    calls = []

    class Shop:
        def find_funnel(self, name):
            return next(funnel for funnel in DEFAULT_FUNNELS if funnel.name == name)

        def __getattr__(self, name):
            return lambda *words, **more: calls.append((name, words, more)) or REPORT

    @contextmanager
    def opened(home, **_):
        yield Shop()

    monkeypatch.setattr("assets.analytics.open_analytics", opened)
    monkeypatch.setattr(
        "assets.analytics.event_types.check_event_types", lambda _, types: calls.append(("types", types))
    )
    return calls


WORDS = {
    "funnel": ["view", "cart"], "intervals": ["view", "order"], "distribution": ["spend"], "trend": ["orders"],
    "calendar": ["orders"], "profile": ["region"],
}  # fmt: skip


@pytest.mark.parametrize("command", list(explore.QUESTIONS))
def test_every_command_asks_and_says_what_it_means(command, asked, capsys):
    assert explore.answer(parse(command, *WORDS.get(command, []))) == 0
    assert len([call for call in asked if call[0] != "types"]) == 1
    printed = capsys.readouterr().out
    assert all(text in printed for text in ("steps in order", "signed-in users", "7 days", "entries"))


def test_files_are_written_and_small_groups_blank_on_the_page_only(asked, tmp_path):
    csv, html = tmp_path / "r.csv", tmp_path / "r.html"
    assert explore.answer(parse("active", "--csv", str(csv), "--html", str(html), "--home", str(tmp_path))) == 0
    assert pd.read_csv(csv)["users_count"].tolist() == [20, 4]
    page = html.read_text(encoding="utf-8")
    assert "funnel &lt;b&gt;" in page
    assert "<td>4</td>" not in page
    assert "1 rows about fewer than 10 people are blank" in page


def test_a_page_cannot_be_broken_by_names_and_asks_for_nothing_from_outside():
    page = report_page(REPORT, small_cell_below=10)
    assert ">&lt;/script&gt;</td>" in page
    drawn = page.split('data-chart="report">')[1].split("</script>")[0]
    assert "users_count" not in drawn
    assert "\\u0026lt;/script\\u0026gt;" in drawn
    assert "<script src" not in page
    assert "<link" not in page


@pytest.mark.parametrize("periods, step", [(3, 1), (12, 1), (52, None)])
def test_the_axis_of_periods_has_whole_numbers(periods, step):
    frame = pd.DataFrame({
        "dimension_value": "all", "period_offset": range(periods), "on_share": 0.5,
    })  # fmt: skip
    picture = picture_of(Report("retention_curve", "d", "p", "w", "n", frame))
    assert picture is not None
    axis = picture.layout["xaxis"]
    assert (axis["tickformat"], axis.get("dtick")) == ("d", step)
    days = picture_of(Report("revenue", "d", "p", "w", "n", pd.DataFrame({
        "month_date": pd.to_datetime(["2024-01-01", "2024-02-01"]), "gross_amount": [1, 2], "net_amount": [1, 2],
    })))  # fmt: skip
    assert days is not None
    assert days.layout["xaxis"] == {"showgrid": False}


def test_steps_have_types_and_filters(asked):
    assert explore.answer(parse("funnel", "view/search", "cart:device=ios,category=shoes", "order")) == 0
    assert asked[0] == ("types", ["view", "search", "cart", "order"])
    (_, (funnel,), more), *_ = [call for call in asked if call[0] == "funnel"]
    assert (funnel.window_days, funnel.order) == (7, "ordered")
    assert [step.label for step in funnel.steps] == ["view/search", "cart (device ios, category shoes)", "order"]
    assert more["by"] == "all"


@pytest.mark.parametrize("words, said", [
    (("view:colour=red", "cart"), "'colour' filters nothing; write type:filter=value with channel, device, category"),
    (("view:device", "cart"), "'device' filters nothing"),
    (("purchase", "--window-days", "3", "--hold-product"), "is declared with its own window_days, hold_product"),
])  # fmt: skip
def test_what_would_be_ignored_is_refused(words, said, asked, capsys):
    assert explore.answer(parse("funnel", *words)) == 1
    assert said in capsys.readouterr().err


def test_large_numbers_are_no_powers_of_ten(capsys):
    frame = pd.DataFrame({"amount": [174_096.4, 1_234.56, 0.12345, None]})
    explore.print_report(Report("sums", "d", "p", "w", "n", frame), rows=9)
    assert [line.strip() for line in capsys.readouterr().out.splitlines()[-4:]] == ["174,096", "1,235", "0.1235", "-"]


def test_flows_and_matrix_are_asked_for(asked):
    for words in (["--flows"], ["--anchor", "cart"], []):
        assert explore.answer(parse("path", *words)) == 0
    assert [call[0] for call in asked] == ["step_flows", "step_matrix", "paths"]


def test_a_question_without_answer_ends_with_1_and_says_why(asked, capsys):
    assert explore.answer(parse("funnel", "view", "view", "--order", "any")) == 1
    assert "no event type may stand in two steps" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        parse("active", "--from", "soon")


def test_dropped_users_are_declared_as_a_list_once(asked, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    words = ("purchase", "--dropped", "2", "--save-segment", "cart_left", "--home", str(tmp_path / "home"))
    assert explore.answer(parse("funnel", *words)) == 0
    (declared,) = load_settings(tmp_path / "home").dropped_lists
    assert (declared.segment, declared.funnel, declared.step) == ("cart_left", "purchase", 2)
    assert "declared the list cart_left" in capsys.readouterr().out
    written = (tmp_path / "home" / "trellis.toml").read_text(encoding="utf-8")
    assert explore.answer(parse("funnel", *words)) == 1
    assert "two lists are called cart_left" in capsys.readouterr().err
    assert (tmp_path / "home" / "trellis.toml").read_text(encoding="utf-8") == written


@pytest.mark.parametrize("words", [("purchase",), ("view", "cart", "--dropped", "1")])
def test_a_list_needs_a_declared_funnel_and_a_step(words, asked, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert explore.answer(parse("funnel", *words, "--save-segment", "left", "--home", str(tmp_path))) == 1
    assert "needs --dropped STEP and the name of a declared funnel" in capsys.readouterr().err
    assert not (tmp_path / "trellis.toml").exists()
