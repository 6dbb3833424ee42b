"""Compressed files: read exactly, or refused; no partial load, no bomb."""

import gzip
import random
from pathlib import Path

import pytest
import zstandard

from assets.landing import ReadOptions, UnreadableFileError, content_hash, raw_records
from assets.landing.compression import expand

TABLE = b"id,name\n" + b"".join(b"%d,name of %d\n" % (number, number * 7919) for number in range(2_000))


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


@pytest.mark.parametrize("suffix, compress", [("gz", gzip.compress), ("zst", zstd)])
class TestBoth:
    def test_read_exactly(self, stage, tmp_path: Path, suffix, compress):
        staged = stage(compress(TABLE + b"3\n"), f"file.csv.{suffix}")
        assert staged.counts == (2_001, 2_000, 1)
        assert not staged.file.offsets_known
        assert staged.file.content_hash == content_hash(tmp_path / f"file.csv.{suffix}")
        assert raw_records(tmp_path / f"file.csv.{suffix}", [2_001], ReadOptions()) == {2_001: (len(TABLE), "3")}

    def test_several_members(self, stage, suffix, compress):
        cut = len(TABLE) // 2
        staged = stage(compress(TABLE[:cut]) + compress(TABLE[cut:]), f"file.csv.{suffix}")
        assert staged.counts == (2_000, 2_000, 0)

    def test_truncated_anywhere(self, stage, suffix, compress):
        data = compress(TABLE)
        for length in (1, 5, len(data) // 2, len(data) - 1):
            with pytest.raises(UnreadableFileError, match="truncated"):
                stage(data[:length], f"file.csv.{suffix}")

    def test_flipped_bits_never_change_a_row(self, stage, suffix, compress):
        clean = stage(compress(TABLE), f"file.csv.{suffix}").rows
        chance = random.Random(7)
        for _ in range(40):
            data = bytearray(compress(TABLE))
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            try:
                rows = stage(bytes(data), f"file.csv.{suffix}").rows
            except UnreadableFileError:
                continue
            assert rows == clean  # a bit of the header that carries no data

    def test_bomb(self, stage, tmp_path, suffix, compress):
        bomb = compress(b"0" * (200 << 20))
        with pytest.raises(UnreadableFileError, match="bomb"):
            stage(bomb, f"file.csv.{suffix}")
        assert list((tmp_path / "scratch").iterdir()) == []

    def test_absolute_limit(self, tmp_path, suffix, compress):
        path = tmp_path / f"file.csv.{suffix}"
        path.write_bytes(compress(TABLE))
        with pytest.raises(UnreadableFileError, match="expand to more than 10,000"):
            expand(path, tmp_path, max_expanded_bytes=10_000)

    def test_empty(self, stage, suffix, compress):
        assert stage(compress(b""), f"file.csv.{suffix}").counts == (0, 0, 0)

    def test_other_formats_and_encodings_inside(self, stage, suffix, compress):
        assert stage(compress(b'{"a":"x"}\n'), f"file.jsonl.{suffix}").rows == {1: ("x",)}
        data = compress("a,b\n1,中文\n".encode("gb18030"))
        assert stage(data, f"file.csv.{suffix}", encoding="gb18030").rows == {1: ("1", "中文")}


def test_wrong_suffix(stage):
    for name in ("file.csv.gz", "file.csv.zst"):
        with pytest.raises(UnreadableFileError, match=r"not (gzip|zstd)"):
            stage(TABLE, name)


def test_compressed_parquet_is_refused(stage):
    with pytest.raises(UnreadableFileError, match="no known format"):
        stage(gzip.compress(b"PAR1"), "file.parquet.gz")
