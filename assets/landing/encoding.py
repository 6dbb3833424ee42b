"""From any declared or safely detected encoding to UTF-8 text that the readers can cut at line feeds. Never mojibake.

Rules. A byte order mark decides. Valid UTF-8 needs no declaration. Anything else must be declared and is decoded
strictly. A line that does not decode costs itself, not the file, as long as it cannot make other lines doubtful
(`_LineTally.tolerable`). Records and columns belong to the format readers.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assets.landing.compression import scratch_path
from assets.landing.ledger import ReadOptions, UnreadableFileError
from assets.landing.text_scan import TextFacts, scan, whole_lines

BAD_LINE_MARK = b"\xff"
"""First byte of a line that did not decode: never valid UTF-8, so readers reject the line. The rest is printable."""

MAX_BAD_SHARE = 0.10
_CHUNK = 1 << 20
# The newest Chinese national standard holds both older ones, so what decodes as those decodes the same here.
_SUPERSETS = {"gb2312": "gb18030", "gbk": "gb18030"}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
# Text of another encoding looks like UTF-8 by accident for a few characters, not for this many.
_UTF8_CERTAIN_CHARACTERS = 4


@dataclass(frozen=True)
class Utf8Text:
    """Text ready for a reader: `path` holds UTF-8 from byte `start` on, with line feeds at line ends.

    Lines that hold invalid bytes (or start with `BAD_LINE_MARK`) exist only if `facts.first_invalid` is set.
    `offsets_known`: a byte position in `path` is the same position in the file as sent.
    """

    path: Path
    start: int
    encoding: str
    facts: TextFacts
    offsets_known: bool


def utf8_text(source: Path, name: str, options: ReadOptions, scratch: Path) -> Utf8Text:
    """The text of `source` as UTF-8: the file itself where possible, else a strict transcription in `scratch`.

    `name` is the file's name as sent, for messages; `source` may be its expanded copy.

    Raises
    ------
    UnreadableFileError
        Not UTF-8 and nothing declared; declared, but it does not decode, or it is certainly something else.

    """
    declared = _declared(name, options.encoding)
    with source.open("rb") as file:
        head = file.read(4096)
    mark, marked = next(((mark, encoding) for mark, encoding in _MARKS if head.startswith(mark)), (b"", None))
    if marked and declared and not declared.startswith(marked.removesuffix("-le").removesuffix("-be")):
        msg = (
            f"{name}: declared as {declared}, but starts with the byte order mark of {marked}: correct the declaration."
        )
        raise UnreadableFileError(msg)
    encoding = marked or declared or "utf-8"
    if encoding == "utf-16":
        encoding = _utf16_order(head)
    if encoding == "utf-8":
        text = _as_utf8(source, name, head, len(mark), declared=declared is not None)
    else:
        if marked is None:
            _refuse_certain_utf8(source, name, encoding)
        text = _transcribed(source, name, encoding, len(mark), scratch)
    return _with_line_feeds(text, scratch)


def _declared(name: str, encoding: str | None) -> str | None:
    if encoding is None:
        return None
    try:
        "x".encode(encoding)  # refuses codecs that are no text encoding, which codecs.lookup does not
        known = codecs.lookup(encoding).name
    except LookupError as exc:
        msg = (
            f"{name}: unknown encoding {encoding!r} declared: use one such as utf-8, gb18030, utf-16, big5 or latin-1."
        )
        raise UnreadableFileError(msg) from exc
    return "utf-8" if known in ("utf-8-sig", "ascii") else _SUPERSETS.get(known, known)


def _utf16_order(head: bytes) -> str:
    """Without a mark: digits and delimiters have their zero byte first in big-endian text, second in little-endian."""
    return "utf-16-be" if head[0::2].count(0) > head[1::2].count(0) else "utf-16-le"


def _as_utf8(source: Path, name: str, head: bytes, start: int, *, declared: bool) -> Utf8Text:
    zeros = max(head[0::2].count(0), head[1::2].count(0))
    if len(head) >= 8 and zeros > len(head) // 8:
        msg = (
            f"{name}: every second byte is zero: UTF-16 without byte order mark, or not text. "
            "Declare encoding=utf-16, or send UTF-8."
        )
        raise UnreadableFileError(msg)
    facts = scan(source)
    if facts.first_invalid is not None:
        tally = _LineTally()
        for line in _lines(source):
            tally.add(line, decodes=decodes(line, "utf-8"))
        if not tally.tolerable:
            line, _ = _position(source, facts.first_invalid)
            advice = (
                "correct the declaration"
                if declared
                else "declare its encoding in the mapping, for instance encoding=gb18030"
            )
            msg = (
                f"{name}: not UTF-8: first bad byte in line {line} at byte {facts.first_invalid} ({tally.bad:,} of "
                f"{tally.lines:,} lines do not decode): {advice}. Nothing was read, so that no text turns to garbage."
            )
            raise UnreadableFileError(msg)
    return Utf8Text(source, start, "utf-8", facts, offsets_known=True)


def _refuse_certain_utf8(source: Path, name: str, encoding: str) -> None:
    """UTF-8 decodes as GB18030 or Latin-1 without an error and as garbage: a wrong declaration is caught here."""
    facts = scan(source)
    if encoding.startswith(("utf-16", "utf-32")):
        if facts.byte_size and not facts.has_nul:
            msg = f"{name}: declared as {encoding}, but has no zero bytes, as every delimiter would: correct the declaration."
            raise UnreadableFileError(msg)
        return
    if facts.first_invalid is not None or facts.is_ascii:
        return
    if sum(_non_ascii(block.decode("utf-8")) for block in whole_lines(source)) >= _UTF8_CERTAIN_CHARACTERS:
        msg = (
            f"{name}: declared as {encoding}, but all of it is valid UTF-8: remove the declaration, "
            "or the text would turn to garbage."
        )
        raise UnreadableFileError(msg)


def _non_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def _transcribed(source: Path, name: str, encoding: str, start: int, scratch: Path) -> Utf8Text:
    target = scratch_path(source, scratch, "utf8")
    if encoding.startswith(("utf-16", "utf-32", "utf-7")):
        _transcribe_stream(source, target, name, encoding, start)
    else:
        _transcribe_lines(source, target, name, encoding, start)
    return Utf8Text(target, 0, encoding, scan(target), offsets_known=False)


def _transcribe_stream(source: Path, target: Path, name: str, encoding: str, start: int) -> None:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    position = start
    with source.open("rb") as file, target.open("wb") as out:
        file.seek(start)
        while True:
            chunk = file.read(_CHUNK)
            waiting = len(decoder.getstate()[0])
            try:
                out.write(decoder.decode(chunk, not chunk).encode("utf-8"))
            except UnicodeError as exc:
                at = position - waiting + (exc.start if isinstance(exc, UnicodeDecodeError) else 0)
                msg = (
                    f"{name}: does not decode as {encoding} at byte {at} ({exc}): truncated or another encoding; "
                    "ask for it again."
                )
                raise UnreadableFileError(msg) from exc
            if not chunk:
                return
            position += len(chunk)


def _transcribe_lines(source: Path, target: Path, name: str, encoding: str, start: int) -> None:
    tally = _LineTally()
    with target.open("wb") as out:
        for block in whole_lines(source, start=start):
            try:
                decoded = block.decode(encoding)
            except UnicodeDecodeError:
                for line in _split(block):
                    fine = decodes(line, encoding)
                    tally.add(line, decodes=fine)
                    out.write(line.decode(encoding).encode("utf-8") if fine else _marked(line))
            else:
                tally.lines += block.count(b"\n")
                tally.non_ascii += sum(not line.isascii() for line in _split(block)) if not block.isascii() else 0
                out.write(decoded.encode("utf-8"))
    if not tally.tolerable:
        msg = (
            f"{name}: {tally.bad:,} of {tally.lines:,} lines do not decode as {encoding}, the first is line "
            f"{tally.first_bad}: correct the declared encoding, or ask for the file again."
        )
        raise UnreadableFileError(msg)


def _marked(line: bytes) -> bytes:
    body = line.rstrip(b"\r\n")
    return BAD_LINE_MARK + body.decode("ascii", "backslashreplace").encode() + line[len(body) :]


def _with_line_feeds(text: Utf8Text, scratch: Path) -> Utf8Text:
    """Classic Mac files end their lines with a carriage return alone: exchanged one for one, so byte offsets stay."""
    facts = text.facts
    if facts.line_feeds or not facts.carriage_returns:
        return text
    target = scratch_path(text.path, scratch, "lf")
    with text.path.open("rb") as file, target.open("wb") as out:
        while chunk := file.read(_CHUNK):
            out.write(chunk.replace(b"\r", b"\n"))
    return Utf8Text(target, text.start, text.encoding, scan(target), offsets_known=text.offsets_known)


class _LineTally:
    """How many lines there are, how many hold more than ASCII, and how many of those do not decode."""

    def __init__(self) -> None:
        self.lines = self.non_ascii = self.bad = 0
        self.first_bad: int | None = None

    def add(self, line: bytes, *, decodes: bool) -> None:
        self.lines += 1
        self.non_ascii += not line.isascii()
        if not decodes:
            self.bad += 1
            self.first_bad = self.first_bad or self.lines

    @property
    def tolerable(self) -> bool:
        """Whether the bad lines may be rejected one by one and the rest read.

        Bad lines are at most 10 % of all lines, and at most 10 % of those with more than ASCII - or all of those,
        because then the rest is pure ASCII. In between, lines that happen to decode would be doubtful too: the whole
        file is refused.
        """
        if self.bad == 0:
            return True
        few = self.bad <= MAX_BAD_SHARE * self.lines
        return few and (self.bad == self.non_ascii or self.bad <= MAX_BAD_SHARE * self.non_ascii)


def _split(block: bytes) -> list[bytes]:
    """Lines with their line feeds; unlike bytes.splitlines, a lone carriage return ends none."""
    lines = [line + b"\n" for line in block.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _lines(source: Path) -> Iterator[bytes]:
    for block in whole_lines(source):
        yield from _split(block)


def decodes(line: bytes, encoding: str) -> bool:
    """Whether the bytes are text of that encoding."""
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _position(source: Path, offset: int) -> tuple[int, int]:
    """Line (1-based) and byte within the line of a byte offset."""
    line, left = 1, offset
    for block in whole_lines(source):
        if left < len(block):
            before = block[:left]
            return line + before.count(b"\n"), left - (before.rfind(b"\n") + 1)
        line += block.count(b"\n")
        left -= len(block)
    return line, left
