"""The same input gives the same rows, whatever the order and cut of its files; a backfill equals the daily runs."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.slow
LISTS = ("retention", "reactivation", "pricing")


def published(home: Path) -> dict[str, pd.DataFrame]:
    """Every published table and list of the current version."""
    root = home / "published"
    version = root / (root / "current").read_text().strip()
    found = {path.name: pd.read_parquet(path) for path in sorted(version.glob("*/*.parquet"))}
    assert {f"{name}.parquet" for name in LISTS} <= set(found)
    return found


def assert_same(first: dict[str, pd.DataFrame], second: dict[str, pd.DataFrame], *, but: tuple[str, ...] = ()) -> None:
    assert first.keys() == second.keys()
    for name, frame in first.items():
        if name not in but:
            pd.testing.assert_frame_equal(frame, second[name], rtol=1e-9, atol=1e-9)


def cut_in_two(path: Path) -> None:
    """Replace a CSV file by two, the second half of its records in the file that is read first."""
    # a half with few foreign letters would be refused for the planted bytes that are not UTF-8
    lines = [
        line for line in path.read_bytes().splitlines(keepends=True) if line.decode("utf-8", "ignore").encode() == line
    ]
    middle = len(lines) // 2
    path.with_name(f"{path.stem}-1.csv").write_bytes(lines[0] + b"".join(lines[middle:]))
    path.with_name(f"{path.stem}-2.csv").write_bytes(b"".join(lines[:middle]))
    path.unlink()


def test_cut_renamed_and_repeated_files_give_the_same_rows(trellis, shop, tmp_path):
    landing = tmp_path / "landing"
    shutil.copytree(shop.landing, landing, ignore=shutil.ignore_patterns("truth"))
    for name in ("events", "orders", "order_items", "users"):
        cut_in_two(landing / f"{name}.csv")
    shutil.copy(landing / "products.csv", landing / "products-again.csv")
    done = trellis("run", "--home", tmp_path / "home", "--sources", landing)
    assert done.code == 0, done.err
    # models are trained on equal rows; only what tells of files may differ
    files = ("report.data_quality.parquet", "report.exclusions.parquet")
    assert_same(published(shop.home), published(tmp_path / "home"), but=files)


def test_a_backfill_equals_the_daily_runs(trellis, shop, tmp_path):
    daily, filled = tmp_path / "daily", tmp_path / "filled"
    first, until = "2024-04-10", "2024-04-12"
    for as_of in (first, "2024-04-11", until):
        done = trellis("run", "--home", daily, "--sources", shop.landing, "--as-of", as_of, "--allow-jump")
        assert done.code == 0, done.err
    assert trellis("run", "--home", filled, "--sources", shop.landing, "--as-of", first).code == 0
    words = ("--from", first, "--until", until, "--every", "1d", "--publish")
    done = trellis("backfill", "--home", filled, *words)
    assert done.code == 0, done.err
    assert_same(published(daily), published(filled))
