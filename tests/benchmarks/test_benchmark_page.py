"""The page of figures: equal results give an equal page, and the page in the docs is one that the command writes."""

import re
from pathlib import Path

import pytest

from benchmarks.aims import aims
from benchmarks.markdown import figure, table
from benchmarks.page import HEAD, MEANINGS, SECTIONS, page
from benchmarks.results import Group, Results

ROOT = Path(__file__).resolve().parents[2]


def headers(text: str) -> set[str]:
    """Header rows of all tables, numbers blanked: sizes differ from run to run."""
    found = re.findall(r"^(\|.*\|)\n\|(?: ?-+:? ?\|)+$", text, re.MULTILINE)
    return {re.sub(r"(?:[\d.]+ M events \| )*[\d.]+ M events", "N", header) for header in found}


def test_aims_hold_figures_against_limits(results: Results) -> None:
    found = {aim.what: (round(aim.figure, 3), aim.is_reached) for aim in aims(results)}
    # 1800 / 100 M against 90 / 10 M = twice as much per event; 9 stages of equal CPU, three of them load
    assert found["CPU per event at 100 M against 10 M"] == (2.0, False)
    assert found["10 M events, one more day: CPU of ingest, core and incremental tables / full run"] == (3.333, True)
    assert found["10 M events, one more day: CPU of the whole daily run / full run"] == (10.0, True)
    assert found["10 M events, ingest, core, incremental of one more day: history doubled"] == (2.0, False)
    assert found["10 M events, one user with 5 %: CPU / even case"] == (4.0, False)
    assert found["100 M events: peak memory"] == (1000.0, True)
    assert found["`trellis demo`: wall"] == (0.3, True)
    # five questions of 1.2 CPU-s each against 1.0; 2 CPU-s against 10
    assert found["10 M events, CPU against ClickHouse: sum of five queries"] == (1.2, False)
    assert found["10 M events, CPU against ClickHouse: sessions"] == (1.2, True)
    # five tasks of 1 CPU-s each against 4; 300 MiB against 600
    assert found["5 M events, against Retentioneering: CPU of the five tasks"] == (0.25, True)
    assert found["5 M events, against Retentioneering: peak memory"] == (0.5, False)
    assert found["5 M events, against Retentioneering: CPU of funnel"] == (0.25, True)
    assert found["MBG/NBD on 1,000,000 customers: CPU / lifetimes"] == (0.2, True)


def test_page_shows_every_part(results: Results) -> None:
    text = page(results)
    assert text.startswith(HEAD)
    assert text.endswith(MEANINGS)
    # 90 CPU-s / 2 CPU-s of the scan = 45 times; 9 CPU-s per million events
    assert "| 10,000,000 | 100,000 | 500,000 | 90.0 | 45.0 | 1,000 | 9.00 | 2.00 | 45.0 |" in text
    assert "| 10 M events | 9.00 | 10.0 | 3.00 | 3.33 | 1,000 | 0.40 |" in text
    assert "| sessions | 7 | 1.20 | 1.00 | 2.00 | 300 | 400 | 500 |" in text
    assert "| sum |  | 6.00 | 5.00 | 10.0 |  |  |  |" in text
    assert "| step_matrix | 1.00 | 4.00 | 0.50 | 2.00 |" in text
    assert "Peak MiB over the five tasks: Trellis 300, Retentioneering 600." in text
    assert "| lifetimes | 10.0 | 5.00 | 200 | r 0.5, alpha 4 |" in text
    assert "| memory 1000000 | `ValueError: no room` |" in text
    assert "| 10 M events, half history | 9.00 | 15.0 | 3.00 | 5.00 | 1,000 |  |" in text
    assert "| 10 M events, whole history, same command | 18.0 | 22.5 | 6.00 | 7.50 | 1,000 |  |" in text


def test_what_was_measured_before_a_part_failed_is_shown(results: Results) -> None:
    text = page(results)
    assert "| 10 M events | 1 M events |" not in text
    assert "| CPU s of a stage | 1 M events | 10 M events | 100 M events |" in text  # its full run is there
    assert "| 1 M events | 9.00 |" not in text  # its day is not
    assert "| job 1000000, one more day | `KeyError: no day` |" in text
    assert not [aim.what for aim in aims(results) if aim.what.startswith("1 M events")]


def test_page_leaves_out_what_was_not_measured(tmp_path: Path) -> None:
    few = Results(tmp_path, {"cores": "2"})
    few.add(Group("commands", "2026-01-02", "abc1234", dict.fromkeys(("help", "demo"), _USAGE)))
    text = page(few)
    assert "One more day" not in text
    assert "| `trellis --help` | 1.00 | 2.00 | 3.00 |" in text


_USAGE = {"cpu_s": 1.0, "wall_s": 2.0, "peak_mib": 3.0}


@pytest.mark.parametrize("value,text", [(12345.6, "12,346"), (99.94, "99.9"), (9.994, "9.99"), (0.0, "0.00")])
def test_figures_have_three_digits(value: float, text: str) -> None:
    assert figure(value) == text


def test_table_is_markdown() -> None:
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | ---: |\n| 1 | 2 |\n"


def test_page_in_the_docs_is_one_that_the_command_writes(results: Results) -> None:
    path = ROOT / "docs" / "performance.md"
    if not path.is_file():
        pytest.skip("docs/performance.md has not been written yet")
    text = path.read_text(encoding="utf-8")
    assert text.startswith(HEAD)
    assert text.endswith(MEANINGS)
    assert headers(text) <= headers(page(results))
    titles = re.findall(r"^## .*$", text, re.MULTILINE)
    assert titles == [title for title in re.findall(r"^## .*$", page(results), re.MULTILINE) if title in titles]


def test_every_section_is_on_the_page_of_the_tests(results: Results) -> None:
    assert all(section(results) for section in SECTIONS), "add the new section's figures to conftest.py"
