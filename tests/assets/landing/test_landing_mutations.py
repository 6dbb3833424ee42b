"""Random damage to small files: the ledger balances, numbers have no gap, and the quick way equals the careful one."""

import csv
import io
import random

import pytest

from assets.landing import ReadOptions, UnreadableFileError, raw_records, staged

PIECES = [
    *(b'"', b",", b";", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xe4", b'""', b' "', b'" ', b"\\", b"", b"{", b"]"),
    *(b":", b"\xef\xbb\xbf", b"\x1a", "\u2028".encode(), b"\x0b", b"'", b"#"),
]
JSON = b"".join(b'{"id":%d,"v":[1,{"k":%d.50}],"s":"\xe4\xb8\xad"}\n' % (number, number) for number in range(20))


def table(chance: random.Random) -> bytes:
    out = io.StringIO()
    writer = csv.writer(
        out,
        lineterminator=chance.choice(["\n", "\r\n"]),
        quoting=chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        delimiter=chance.choice(",;\t"),
    )
    writer.writerow(["id", "name", "on", "text"])
    for number in range(chance.randrange(1, 30)):
        name = chance.choice(["中文", "ab", "", '5" x', "a,b", " lead"])
        text = chance.choice(["", "fine", "two\nlines", 'q "x" y', "a;b", "x" * 50])
        writer.writerow([number, name, f"2024-01-{number % 28 + 1:02d}", text])
    return out.getvalue().encode()


def mutated(data: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(chance.randrange(1, 5)):
        start = chance.randrange(len(damaged))
        damaged[start : start + chance.randrange(3)] = chance.choice(PIECES)
    return bytes(damaged[: chance.randrange(len(damaged))] if chance.random() < 0.05 else damaged)


def check(stage, tmp_path, monkeypatch, *, seed: int, count: int) -> int:
    chance = random.Random(seed)
    read = 0
    for _ in range(count):
        kind = chance.choice(["csv", "csv", "jsonl"])
        data = mutated(table(chance) if kind == "csv" else JSON, chance)
        try:
            first = stage(data, f"file.{kind}")
        except UnreadableFileError:
            continue
        read += 1
        numbers = set(range(1, first.file.records_counted + 1))
        assert set(first.rows) | set(first.rejected) == numbers
        assert len(first.rows) + len(first.rejected) == len(numbers)
        raw = raw_records(tmp_path / f"file.{kind}", numbers, ReadOptions())
        assert set(raw) == numbers
        assert all(raw[reject.record_number] == (reject.byte_offset, reject.raw_text) for reject in first.file.rejects)
        with monkeypatch.context() as patch:
            patch.setattr(staged, "stage_clean_csv", lambda *_: None)
            assert stage(data, f"file.{kind}") == first
    return read


@pytest.mark.slow
def test_some_mutations(stage, tmp_path, monkeypatch):
    assert check(stage, tmp_path, monkeypatch, seed=1, count=60) > 40


@pytest.mark.slow
def test_many_mutations(stage, tmp_path, monkeypatch):
    assert check(stage, tmp_path, monkeypatch, seed=2, count=1_000) > 700
