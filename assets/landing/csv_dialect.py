"""Delimiter and header of a CSV text: which columns, and where the data begins.

Data records belong to `csv_records.py`. Columns are compared with what a source needs by name, by the caller.
"""

import csv
import itertools
import re
from dataclasses import dataclass

from assets.landing.encoding import Utf8Text
from assets.landing.ledger import MAX_RECORD_BYTES, ReadOptions, UnreadableFileError, checked_columns

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_LINES = 50


@dataclass(frozen=True)
class CsvDialect:
    """Delimiter, column names in file order, byte where the first data line starts, and the lines before it."""

    delimiter: str
    columns: tuple[str, ...]
    data_offset: int
    lines_before_data: int


def read_dialect(text: Utf8Text, name: str, options: ReadOptions) -> CsvDialect | None:
    """The dialect of the file; None if it has no header because it is empty (blank lines at most).

    Raises
    ------
    UnreadableFileError
        The header is no text, longer than 1 MiB, has an unclosed quote, or names that cannot be columns.

    """
    with text.path.open("rb") as file:
        file.seek(text.start)
        head = file.read(MAX_RECORD_BYTES + 1)
    blank = re.match(rb"(?:\r?\n)*", head)
    skipped = blank.group() if blank else b""
    head = head[len(skipped) :]
    if not head:
        return None
    first_line = head.split(b"\n", 1)[0]
    if len(first_line) > MAX_RECORD_BYTES:
        msg = f"{name}: no line break in the first {MAX_RECORD_BYTES:,} bytes: not a CSV file, or a damaged header."
        raise UnreadableFileError(msg)
    sample = _decoded(head, name)
    delimiter = _checked_delimiter(options.delimiter, name) or _detected_delimiter(sample)
    fields, lines = _header(sample, delimiter, name)
    byte_length = sum(len(line) + 1 for line in head.split(b"\n", lines)[:lines])
    return CsvDialect(
        delimiter=delimiter,
        columns=checked_columns(name, fields),
        data_offset=text.start + len(skipped) + min(byte_length, len(head)),
        lines_before_data=skipped.count(b"\n") + lines,
    )


def _decoded(head: bytes, name: str) -> str:
    line = head.split(b"\n", 1)[0]
    if b"\0" in line:
        msg = f"{name}: the header line contains NUL bytes: not a text table, or damaged; ask for the file again."
        raise UnreadableFileError(msg)
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as exc:
        msg = f"{name}: the header line does not decode (byte {exc.start}): declare the encoding, such as gb18030."
        raise UnreadableFileError(msg) from exc
    return head.decode("utf-8", "replace")


def _checked_delimiter(delimiter: str | None, name: str) -> str | None:
    if delimiter is None:
        return None
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0':
        msg = f"{name}: declared delimiter {delimiter!r}: it must be one ASCII character and no quote or line break."
        raise UnreadableFileError(msg)
    return delimiter


def _detected_delimiter(sample: str) -> str:
    """The candidate whose column count in the header most first lines share; a comma where none makes two columns.

    Candidates are judged by the header first, so commas inside texts do not outvote the semicolons of the header.
    """
    best, best_rank = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        lines = itertools.islice(
            (line for line in sample.split("\n")[:-1] or [sample] if line.strip("\r")), 4 * _SAMPLE_LINES
        )
        try:
            counts = [
                len(row)
                for row in itertools.islice(
                    csv.reader((f"{line}\n" for line in lines), delimiter=delimiter), _SAMPLE_LINES
                )
            ]
        except csv.Error:
            continue
        if not counts or counts[0] < 2:
            continue
        rank = (round(counts.count(counts[0]) / len(counts), 1), counts[0])
        if rank > best_rank:
            best, best_rank = delimiter, rank
    return best


def _header(sample: str, delimiter: str, name: str) -> tuple[list[str], int]:
    lines = sample.split("\n")
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True)
    try:
        fields = next(reader)
    except csv.Error as exc:
        msg = f"{name}: the header cannot be read with delimiter {delimiter!r} ({exc}): correct its quotes."
        raise UnreadableFileError(msg) from exc
    return fields, reader.line_num
