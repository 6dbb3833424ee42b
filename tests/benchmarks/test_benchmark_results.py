"""Results are kept group by group; figures of another machine do not count. Sizes and stages are read as stated."""

import argparse
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest

from benchmarks import __main__ as command
from benchmarks import whole_job
from benchmarks.__main__ import measurements, sizes
from benchmarks.machine import machine
from benchmarks.results import Group, Results
from benchmarks.stages import STAGES, by_stage, loading_cpu_s, stage_of
from benchmarks.usage import BenchmarkFailedError, Usage
from benchmarks.whole_job import measure_job
from benchmarks.worlds import World


def test_results_are_read_again(tmp_path: Path) -> None:
    first = Results(tmp_path, {"cores": "2"})
    first.add(Group("job 10", "2026-01-01", "a", {"x": 1}))
    first.add(Group("job 9", "2026-01-01", "a", {"x": 2}))
    first.add(Group("job 10", "2026-01-02", "b", {"x": 3}))
    again = Results(tmp_path, {"cores": "2"})
    assert [(one.size, one.figures) for one in again.of_kind("job")] == [(9, {"x": 2}), (10, {"x": 3})]
    assert Results(tmp_path, {"cores": "4"}).all == []
    assert Results(tmp_path, {"polars": "2"}).all == []
    assert len(Results(tmp_path, {"cores": "2", "polars": "2"}).all) == 2


def test_two_commands_may_add_to_the_same_results(tmp_path: Path) -> None:
    first, second = Results(tmp_path, {}), Results(tmp_path, {})
    first.add(Group("job 10", "2026-01-01", "a", {"x": 1}))
    second.add(Group("job 9", "2026-01-01", "a", {"x": 2}))
    assert [one.size for one in Results(tmp_path, {}).of_kind("job")] == [9, 10]


def test_a_failed_group_has_no_figures(tmp_path: Path) -> None:
    kept = Results(tmp_path, {})
    kept.add(Group("job 10", "2026-01-01", "a", error="broken"))
    assert kept.of_kind("job") == []
    assert [one.name for one in kept.failed] == ["job 10"]


def test_sizes_are_sorted_and_checked() -> None:
    assert sizes("1e7,1e6") == [1_000_000, 10_000_000]
    for wrong in ("many", "10"):
        with pytest.raises(argparse.ArgumentTypeError, match=wrong):
            sizes(wrong)


def test_hard_cases_are_measured_at_the_largest_size_that_is_not_too_large() -> None:
    names = [name for name, _ in measurements([1_000_000, 10_000_000, 100_000_000], with_peers=False, measured={})]
    assert "job 100000000" in names
    assert "skew 10000000" in names
    assert "skew 100000000" not in names


def test_a_table_rebuilt_by_date_is_incremental_in_any_group() -> None:
    assert stage_of("core", "incremental") == stage_of("report", "incremental") == "incremental"
    assert stage_of("core", "full") == "core"
    assert stage_of("score", None) == "models"
    assert stage_of("something new", None) == "other"


def test_stages_sum_to_the_whole_run() -> None:
    steps = {"bronze": ("ingest", 2.0, 3.0), "core__orders": ("core", 1.0, 1.5), "core__users": ("core", 1.0, 0.5)}
    stages = by_stage(steps, Usage(10.0, 8.0, 1.0))
    assert list(stages) == list(STAGES)
    assert stages["core"] == {"wall_s": 2.0, "cpu_s": 2.0}
    assert stages["other"] == {"wall_s": 6.0, "cpu_s": 3.0}
    assert loading_cpu_s(stages) == 5.0


def fails() -> NoReturn:
    message = "words\nno day today"
    raise BenchmarkFailedError(message)


def test_a_failing_part_keeps_the_figures_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = World(tmp_path, {"events": 7}, Usage(1.0, 1.0, 1.0))
    full = {"cpu_s": 5.0}
    runs = iter([full])

    def run(_home: Path) -> dict:
        return next(runs, None) or fails()

    for name, value in {
        "world": lambda *_: shop,
        "measure": lambda *_: (None, {"cpu_s": 0.1}),
        "land": lambda *_, **__: None,
        "_run": run,
    }.items():
        monkeypatch.setattr(whole_job, name, value)
    monkeypatch.setattr(World, "history", [])
    monkeypatch.setattr(World, "last_day", [])
    monkeypatch.setattr(command, "measurements", lambda *_, **__: [("job 10", partial(measure_job, events=10))])
    monkeypatch.setattr(command, "page", lambda _: "")
    monkeypatch.setattr("sys.argv", ["benchmarks", "--cache", str(tmp_path), "--out", str(tmp_path / "page.md")])
    assert command.main() == 1
    (kept,) = Results(tmp_path, machine()).failed
    assert (kept.part, kept.figures["full"], kept.figures["scan"]) == ("one more day", {"cpu_s": 5.0}, {"cpu_s": 0.1})
    assert "day" not in kept.figures
    assert "no day today" in kept.error


def test_half_history_stands_beside_the_whole_of_the_same_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def year_and_day(_cache: Path, _shop: World, name: str) -> dict[str, dict]:
        asked.append(name)
        return {"full": {"name": name}, "day": {}, "again": {}}

    monkeypatch.setattr(whole_job, "world", lambda *_, **__: World(tmp_path, {}, Usage(1.0, 1.0, 1.0)))
    monkeypatch.setattr(whole_job, "_year_and_day", year_and_day)
    measured: dict[str, dict] = {}
    groups = measurements([1_000_000], with_peers=False, measured=measured)
    for name, measurement in groups:
        if name == "job 1000000":
            measured[name] = {"full": {"name": "this command's"}, "day": {}}
        if name == "half 1000000":
            assert measurement(tmp_path)["whole"]["full"] == {"name": "this command's"}
    assert asked == ["1000000-half"]
    whole_job.measure_half_history(tmp_path, 1_000_000)
    assert asked == ["1000000-half", "1000000-whole", "1000000-half"]
