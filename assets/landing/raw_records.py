"""Single records of a file as they were written, found by number: for the few rows that break a contract later.

Numbers mean the same as `_row` in staging, because the same readers cut the file.
"""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from assets.landing.compression import expand
from assets.landing.csv_dialect import read_dialect
from assets.landing.csv_records import LineTally, read_records
from assets.landing.encoding import BAD_LINE_MARK, Utf8Text, utf8_text
from assets.landing.json_lines import read_lines
from assets.landing.ledger import ReadOptions, Reject
from assets.landing.staged import file_format


def raw_records(path: Path, record_numbers: Iterable[int], options: ReadOptions) -> dict[int, tuple[int, str]]:
    """Record number -> (byte offset, raw text without its last line break); Parquet has none: an empty dict.

    Reads the file again from its start, up to the last number wanted. Offsets as in `Reject`.

    Raises
    ------
    UnreadableFileError
        As `stage_file`.
    KeyError
        The file has no such record.

    """
    wanted = sorted(set(record_numbers))
    kind = file_format(path)
    if not wanted or kind == "parquet":
        return {}
    found: dict[int, tuple[int, str]] = {}
    with tempfile.TemporaryDirectory(prefix="trellis-raw-") as scratch:
        text = utf8_text(expand(path, Path(scratch)), path.name, options, Path(scratch))
        records = _jsonl(text) if kind == "jsonl" else _csv(text, path.name, options, wanted)
        waiting = set(wanted)
        for number, offset, raw in records:
            if number in waiting:
                found[number] = (offset, raw)
                waiting.remove(number)
                if not waiting:
                    return found
    raise KeyError(f"{path.name}: no record {min(waiting):,}: the file is not the one that was staged.")


def _jsonl(text: Utf8Text) -> Iterator[tuple[int, int, str]]:
    for number, offset, line in read_lines(text):
        if number is not None:
            yield number, offset, line.removeprefix(BAD_LINE_MARK).decode("utf-8", "backslashreplace")


def _csv(text: Utf8Text, name: str, options: ReadOptions, wanted: list[int]) -> Iterator[tuple[int, int, str]]:
    dialect = read_dialect(text, name, options)
    if dialect is None:
        return
    for item in read_records(text, dialect, LineTally()):
        if isinstance(item, Reject):
            yield item.record_number, item.byte_offset, item.raw_text
        elif item.count == 1:
            yield item.first_record, item.byte_offset, _without_line_end(item.raw or item.data)
        elif any(item.first_record <= number < item.first_record + item.count for number in wanted):
            offset = item.byte_offset
            for number, line in enumerate(item.data.split(b"\n")[:-1], start=item.first_record):
                yield number, offset, _without_line_end(line)
                offset += len(line) + 1


def _without_line_end(data: bytes) -> str:
    return data.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8")
