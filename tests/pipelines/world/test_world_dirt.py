"""Dirty rows: exactly those that are listed, where they are listed, and nothing else is touched."""

import csv
from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.world import SOURCES, generate
from pipelines.world.dirt import FUTURE, kinds_of

WORLD: dict[str, Any] = {"users": 500, "events": 30_000, "days": 120, "seed": 9}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("dirt")
    made = {}
    for file_format in ("csv", "parquet"):
        for name, share in (("clean", 0.0), ("dirty", 0.01)):
            folder = root / f"{file_format}-{name}"
            summary = generate(folder, **WORLD, file_format=file_format, dirty_share=share)
            made[file_format, name] = (folder, summary)
    return made


def listed(folder, source):
    rows = pq.read_table(folder / "truth" / "dirty_rows.parquet").to_pylist()
    return {row["record_number"]: row for row in rows if row["source"] == source}


@pytest.mark.parametrize("source", SOURCES)
def test_a_csv_without_its_dirty_records_is_the_clean_csv(folders, source):
    clean = (folders["csv", "clean"][0] / f"{source}.csv").read_bytes().splitlines(keepends=True)
    dirty = (folders["csv", "dirty"][0] / f"{source}.csv").read_bytes().splitlines(keepends=True)
    marks = listed(folders["csv", "dirty"][0], source)
    assert {row["kind"] for row in marks.values()} == set(kinds_of(source, "csv"))
    assert {row["file"] for row in marks.values()} == {f"{source}.csv"}
    # The header is line 0, so the record number is the place.
    assert [line for place, line in enumerate(dirty) if place not in marks] == clean


@pytest.mark.parametrize("source", SOURCES)
def test_each_csv_record_is_broken_as_listed(folders, source):
    folder = folders["csv", "dirty"][0]
    lines = (folder / f"{source}.csv").read_bytes().splitlines()
    names = lines[0].decode().split(",")
    good = Counter((folders["csv", "clean"][0] / f"{source}.csv").read_bytes().splitlines())
    for number, mark in listed(folder, source).items():
        line = lines[number]
        row = dict(zip(names, next(csv.reader([line.decode("utf-8", "replace")])), strict=False))
        checks = {
            "missing_key": lambda row=row: row[names[0]] == "",
            "future_date": lambda row=row: any(value.startswith(str(FUTURE.year)) for value in row.values()),
            "duplicate_row": lambda line=line: good[line] == 1,
            "unknown_currency": lambda row=row: row["currency"] == "XXQ",
            "unknown_status": lambda row=row: row["status"] == "teleported",
            "negative_price": lambda row=row: row["line_amount"].startswith("-") and int(row["quantity"]) > 0,
            "nul_byte": lambda line=line: b"\x00" in line,
            "non_utf8": lambda line=line: b"\xff" in line,
            "bad_number": lambda row=row: "12x.5" in row.values(),
            "bad_date": lambda row=row: "2024-13-45T99:00:00+08:00" in row.values(),
            "too_few_columns": lambda row=row: len(row) < len(names),
        }
        assert [kind for kind, holds in checks.items() if kind == mark["kind"] and holds()] == [mark["kind"]], line
        expected = f"{row['order_id']}/{row['line_number']}" if source == "order_items" else row[names[0]]
        assert mark["identifier"] == expected


@pytest.mark.parametrize("source", SOURCES)
def test_a_parquet_file_without_its_dirty_records_is_the_clean_file(folders, source):
    clean = pq.read_table(folders["parquet", "clean"][0] / f"{source}.parquet")
    dirty = pq.read_table(folders["parquet", "dirty"][0] / f"{source}.parquet")
    marks = listed(folders["parquet", "dirty"][0], source)
    assert {row["kind"] for row in marks.values()} == set(kinds_of(source, "parquet"))
    kept = dirty.filter(pa.array([number + 1 not in marks for number in range(len(dirty))]))
    assert kept.equals(clean)


def test_the_summary_counts_what_is_listed(folders):
    for file_format in ("csv", "parquet"):
        folder, summary = folders[file_format, "dirty"]
        rows = pq.read_table(folder / "truth" / "dirty_rows.parquet").to_pylist()
        assert Counter(row["kind"] for row in rows) == summary.dirty_rows
        clean = folders[file_format, "clean"][1]
        assert clean.dirty_rows == {}
        for source in SOURCES:
            added = summary.rows[source] - clean.rows[source]
            assert added == sum(row["source"] == source for row in rows)
            assert added == max(round(0.01 * clean.rows[source]), len(kinds_of(source, file_format)))


def test_dirty_identifiers_are_new_but_for_copies(folders):
    folder = folders["parquet", "dirty"][0]
    rows = pq.read_table(folder / "truth" / "dirty_rows.parquet").to_pylist()
    named = [row["identifier"] for row in rows if row["kind"] not in ("duplicate_row", "missing_key")]
    assert len(set(named)) == len(named)
