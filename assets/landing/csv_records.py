r"""Records of a CSV text: which bytes are a good record, and why the others are not.

Grammar (RFC 4180, plus what every reader here agrees on): a field is text without delimiter and line break that does
not start with a quote (a quote further on is text), or a quoted field in which quotes are doubled. A record has as many
fields as the header.

- Runs of records of one line each are found by one regular expression, at the speed of a scan.
- Anything else is looked at line by line. A quoted field may go on over line breaks (up to 1 MiB) if the joined record
  keeps the grammar and none of the lines it swallows would pass for a record (`csv_lookalike.py`); otherwise the line
  is rejected and reading goes on with the next one. So a stray or unclosed quote costs its own line and no other.

Values belong to `csv_staging.py`: this module only cuts.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from assets.landing.csv_dialect import CsvDialect
from assets.landing.csv_lookalike import fields_of, passes_for_record
from assets.landing.encoding import BAD_LINE_MARK, Utf8Text, decodes
from assets.landing.ledger import MAX_RECORD_BYTES, RAW_TEXT_BYTES, Reject
from assets.landing.text_scan import whole_lines

csv.field_size_limit(max(csv.field_size_limit(), MAX_RECORD_BYTES))  # the default of 128 KB is no fault of a text


@dataclass(frozen=True, slots=True)
class Run:
    """Good records in a row: `data` ends with a line feed and starts at `byte_offset` of the text.

    `raw` is set where `data` had to be rewritten so that every parser reads it alike.
    """

    first_record: int
    count: int
    byte_offset: int
    data: bytes
    raw: bytes | None = None


@dataclass(slots=True)
class LineTally:
    """Physical lines that are no record of their own; filled while reading, to balance with the lines of the scan."""

    blank: int = 0
    continued: int = 0


@dataclass(frozen=True)
class _Grammar:
    columns: int
    delimiter: str
    run: re.Pattern[bytes] = field(repr=False)
    joined: re.Pattern[bytes] = field(repr=False)
    strict_line: re.Pattern[bytes] = field(repr=False)
    spaced_quote: re.Pattern[bytes] = field(repr=False)


def _grammar(dialect: CsvDialect, *, spaced: bool) -> _Grammar:
    columns = len(dialect.columns)
    mark = re.escape(dialect.delimiter).encode()
    # A quote after leading spaces is ambiguous: such lines go to the slow reader, which takes it as an opening quote.
    plain = (rb"(?! +\")" if spaced else b"") + rb'[^"\x00' + mark + rb"\r\n][^\x00" + mark + rb"\r\n]*+"
    text = rb'[^"\x00' + mark + rb"\r\n]++"

    def record(unquoted: bytes, quoted_text: bytes) -> bytes:
        # A file of one column has no empty unquoted field: that is a blank line.
        empty = rb"|" if columns > 1 else b""
        one = rb"(?:" + unquoted + rb'|"(?:' + quoted_text + rb'++|"")*+"' + empty + rb")"
        return one + rb"(?:" + mark + one + rb"){%d}\r?\n" % (columns - 1)

    return _Grammar(
        columns=columns,
        delimiter=dialect.delimiter,
        run=re.compile(rb"(?:" + record(plain, rb'[^"\x00\n]') + rb")*+"),
        joined=re.compile(record(plain, rb'[^"\x00]')),
        strict_line=re.compile(record(text, rb'[^"\x00\n]')),
        spaced_quote=re.compile(rb"(?:^|" + mark + rb') +"'),
    )


def read_records(text: Utf8Text, dialect: CsvDialect, tally: LineTally) -> Iterator[Run | Reject]:
    """Runs of good records and rejected ones in file order: all records, numbered from 1 without a gap."""
    reader = _Reader(_grammar(dialect, spaced=text.facts.has_spaced_quote), text, tally)
    blocks = whole_lines(text.path, start=dialect.data_offset)
    pending = next(blocks, b"")
    offset = dialect.data_offset
    while pending:
        following = next(blocks, None)
        ended = following is None
        if ended and not pending.endswith(b"\n"):
            pending += b"\n"
        used = yield from reader.block(pending, offset, ended=ended)
        offset += used
        pending = pending[used:] + (following or b"")


class _Reader:
    """State between blocks: the next record number. One block is a byte string that ends with a line feed."""

    def __init__(self, grammar: _Grammar, text: Utf8Text, tally: LineTally) -> None:
        self._grammar = grammar
        self._check_length = text.facts.may_have_long_line
        self._check_utf8 = text.facts.first_invalid is not None
        self._tally = tally
        self._next = 1

    def block(self, data: bytes, offset: int, *, ended: bool) -> Iterator[Run | Reject]:
        """Yield what the block holds; return the bytes used, fewer than all if a record may go on in the next block."""
        stops = iter([*self._stops(data), len(data)])
        stop = next(stops)
        position = 0
        while position < len(data):
            while stop < position:
                stop = next(stops)
            match = self._grammar.run.match(data, position, stop)
            # up to Python 3.11.4 the end of a possessive repeat may lie in the line that failed (gh-106052): back to its start
            end = data.rfind(b"\n", position, match.end()) + 1 if match else position
            if end > position:
                yield self._run(data[position:end], offset + position, data.count(b"\n", position, end))
                position = end
                continue
            line_end = data.index(b"\n", position) + 1
            if position != stop and data.find(b'"', position, line_end) >= 0:
                joined_end = self._joined_end(data, position, line_end)
                if joined_end:
                    self._tally.continued += data.count(b"\n", position, joined_end) - 1
                    yield self._run(data[position:joined_end], offset + position, 1)
                    position = joined_end
                    continue
                if not ended and len(data) - position <= MAX_RECORD_BYTES:
                    return position
            line = data[position:line_end]
            if line in (b"\n", b"\r\n"):
                self._tally.blank += 1
            else:
                yield self._judged(line, offset + position)
            position = line_end
        return position

    def _run(self, data: bytes, offset: int, count: int, raw: bytes | None = None) -> Run:
        run = Run(self._next, count, offset, data, raw)
        self._next += count
        return run

    def _stops(self, data: bytes) -> list[int]:
        """Starts of the lines that are no record whatever they hold: too long, or not UTF-8."""
        stops: set[int] = set()
        if self._check_length:
            start = 0
            while (end := data.find(b"\n", start) + 1) > 0:
                if end - start > MAX_RECORD_BYTES:
                    stops.add(start)
                start = end
        if self._check_utf8 and not decodes(data, "utf-8"):
            start = 0
            for line in data.split(b"\n"):
                if not decodes(line, "utf-8"):
                    stops.add(start)
                start += len(line) + 1
        return sorted(stops)

    def _joined_end(self, data: bytes, position: int, line_end: int) -> int | None:
        """End of a record that begins here and goes on over line breaks, or None."""
        limit = position + MAX_RECORD_BYTES
        if data.find(b'"', line_end, limit) < 0:
            return None
        match = self._grammar.joined.match(data, position, limit)
        if match is None or match.end() == line_end:
            return None
        if self._check_utf8 and not decodes(match.group(), "utf-8"):
            return None
        return None if self._swallows_a_record(data, position, line_end, match.end()) else match.end()

    def _swallows_a_record(self, data: bytes, position: int, line_end: int, joined_end: int) -> bool:
        record: list[str] | None = None
        start = line_end
        while start < joined_end:
            if line := self._grammar.strict_line.match(data, start):
                delimiter = self._grammar.delimiter
                record = record or fields_of(data[position:joined_end].decode("utf-8"), delimiter)
                if passes_for_record(fields_of(line.group().decode("utf-8"), delimiter), record):
                    return True
            start = data.index(b"\n", start) + 1
        return False

    def _judged(self, line: bytes, offset: int) -> Run | Reject:
        """The record or reject of one line that is neither in a run nor joined."""
        body = line[:-1].removesuffix(b"\r")
        reason = None
        if len(line) > MAX_RECORD_BYTES:
            reason = f"line of {len(body):,} bytes: longer than the limit of {MAX_RECORD_BYTES:,}"
            body = body[:RAW_TEXT_BYTES]
        elif b"\0" in body:
            reason = "NUL byte in the line"
        elif body.startswith(BAD_LINE_MARK):
            reason, body = "does not decode in the declared encoding", body.removeprefix(BAD_LINE_MARK)
        if reason is None:
            try:
                fields = self._fields(body)
            except UnicodeDecodeError as exc:
                reason = (
                    f"not valid UTF-8 at byte {exc.start} of the line: declare the file's encoding if this is frequent"
                )
            except csv.Error as exc:
                reason = str(exc)
            else:
                if len(fields) == self._grammar.columns:
                    return self._run(_as_csv(fields, self._grammar.delimiter), offset, 1, raw=line)
                few = "too few" if len(fields) < self._grammar.columns else "too many"
                reason = f"{few} columns: {len(fields)} instead of {self._grammar.columns}"
        reject = Reject(self._next, offset, reason, body.decode("utf-8", "backslashreplace"))
        self._next += 1
        return reject

    def _fields(self, body: bytes) -> list[str]:
        """The fields of one line; raises csv.Error with a reason that a person can read."""
        text = body.decode("utf-8")
        if '"' not in text:
            if "\r" in text:
                raise csv.Error("carriage return inside the line (a lone CR is no line end here)")
            return text.split(self._grammar.delimiter)
        spaced = self._grammar.spaced_quote.search(body) is not None
        asked: list[str] = []

        def lines() -> Iterator[str]:
            yield text + "\n"
            asked.append("more")

        reader = csv.reader(lines(), delimiter=self._grammar.delimiter, strict=True, skipinitialspace=spaced)
        try:
            fields = next(reader)
        except csv.Error as exc:
            if asked:
                raise csv.Error("quote is opened and not closed") from exc
            if "\r" in text:
                raise csv.Error("carriage return inside the line, or a stray quote") from exc
            raise csv.Error("stray quote: text after a closing quote") from exc
        if text.endswith("\r"):
            raise csv.Error("carriage return inside the line (a lone CR is no line end here)")
        return fields


def _as_csv(fields: list[str], delimiter: str) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(fields)
    return out.getvalue().encode("utf-8")
