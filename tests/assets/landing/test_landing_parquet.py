"""Parquet as a view: nothing copied, record numbers in file order, damage refused."""

import random
from datetime import datetime

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets.landing import ReadOptions, UnreadableFileError, raw_records


def parquet(tmp_path, table: pa.Table, **options) -> bytes:
    path = tmp_path / "made.parquet"
    pq.write_table(table, path, **options)
    return path.read_bytes()


def test_native_types_and_nested_values(stage, tmp_path, connection):
    table = pa.table(
        {
            "id": ["a", None],
            "at": [datetime(2024, 1, 1), None],  # noqa: DTZ001 - naive on purpose, as sources send it
            " amount ": pa.array([1, 2], pa.decimal128(18, 4)),
            "tags": [["x", "y"], None],
            "more": [{"k": 1.5}, {"k": None}],
        }
    )
    staged = stage(parquet(tmp_path, table), "file.parquet")
    assert staged.file.columns == ("id", "at", "amount", "tags", "more")
    assert staged.counts == (2, 2, 0)
    assert staged.rows[1][3:] == ('["x","y"]', '{"k":1.5}')
    assert staged.rows[2][3] is None
    kinds = dict(connection.execute("select column_name, column_type from (describe staging.landed)").fetchall())
    assert kinds == {
        "_row": "BIGINT", "id": "VARCHAR", "at": "TIMESTAMP", "amount": "DECIMAL(18,4)", "tags": "VARCHAR", "more": "VARCHAR",
    }  # fmt: skip
    kind = connection.execute("select table_type from information_schema.tables where table_name = 'landed'").fetchone()
    assert kind == ("VIEW",)


def test_record_numbers_over_row_groups(stage, tmp_path):
    staged = stage(parquet(tmp_path, pa.table({"v": list(range(5_000))}), row_group_size=700), "file.parquet")
    assert staged.counts == (5_000, 5_000, 0)
    assert all(number == value + 1 for number, (value,) in staged.rows.items())


def test_a_row_group_without_rows_has_no_bytes_to_check(stage, tmp_path):
    """A writer that is handed a table without rows makes a row group whose boolean chunks have no page."""
    table = pa.table({"id": pa.array([], pa.string()), "consent": pa.array([], pa.bool_())})
    path = tmp_path / "made.parquet"
    with pq.ParquetWriter(path, table.schema, use_dictionary=["id"]) as writer:
        writer.write_table(table, row_group_size=1)
    assert pq.ParquetFile(path).metadata.num_row_groups == 1
    assert stage(path.read_bytes(), "file.parquet").counts == (0, 0, 0)


def test_no_rows(stage, tmp_path):
    staged = stage(parquet(tmp_path, pa.table({"v": pa.array([], pa.int64())})), "file.parquet")
    assert staged.counts == (0, 0, 0)
    assert staged.file.columns == ("v",)


def test_raw_records_has_none(stage, tmp_path):
    stage(parquet(tmp_path, pa.table({"v": [1]})), "file.parquet")
    assert raw_records(tmp_path / "file.parquet", [1], ReadOptions()) == {}


@pytest.mark.parametrize("cut", [1, 8, 100, 2_000])
def test_truncated(stage, tmp_path, cut):
    data = parquet(tmp_path, pa.table({"v": list(range(5_000))}))
    with pytest.raises(UnreadableFileError, match="truncated or not Parquet"):
        stage(data[:-cut], "file.parquet")


@pytest.mark.parametrize("data", [b"", b"PAR1", b"a,b\n1,2\n"])
def test_not_parquet(stage, data):
    with pytest.raises(UnreadableFileError, match="truncated or not Parquet"):
        stage(data, "file.parquet")


def test_footer_of_another_file(stage, tmp_path):
    long = parquet(tmp_path, pa.table({"v": [f"text {number}" for number in range(50_000)]}), compression=None)
    footer = int.from_bytes(long[-8:-4], "little") + 8
    with pytest.raises(UnreadableFileError, match="outside the file"):
        stage(b"PAR1" + b"x" * 1_000 + long[-footer:], "file.parquet")


@pytest.mark.parametrize("names", [["v", "v"], ["v", "V"], ["v", "_row"]])
def test_names_that_cannot_be_columns(stage, tmp_path, names):
    table = pa.table([pa.array([1]), pa.array([2])], names=names)
    with pytest.raises(UnreadableFileError):
        stage(parquet(tmp_path, table), "file.parquet")


def test_a_quote_in_the_path(stage, tmp_path):
    assert stage(parquet(tmp_path, pa.table({"v": [1]})), "it's.parquet").rows == {1: (1,)}


def test_flipped_bits_are_found_or_harmless(stage, tmp_path):
    """With page checksums a flipped bit gives the same rows, an unreadable file, or an error when the view is read."""
    data = parquet(tmp_path, pa.table({"v": [f"text {number}" for number in range(500)]}), write_page_checksum=True)
    clean = stage(data, "file.parquet").rows
    chance = random.Random(3)
    unchanged = 0
    for _ in range(60):
        damaged = bytearray(data)
        damaged[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        try:
            rows = stage(bytes(damaged), "file.parquet").rows
        except (UnreadableFileError, duckdb.Error):
            continue
        assert len(rows) == len(clean)
        unchanged += rows == clean
    assert unchanged < 60
