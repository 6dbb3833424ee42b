"""One quick pass over a text file: line breaks, bytes that break parsers, and whether it is UTF-8.

Facts only, no decision about records; those are taken by the readers, which need these facts to choose what to check.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assets.landing.ledger import MAX_RECORD_BYTES, UnreadableFileError

BLOCK_BYTES = 4 << 20
MAX_LINE_IN_MEMORY = 256 << 20
_WINDOW = MAX_RECORD_BYTES // 2


@dataclass(frozen=True)
class TextFacts:
    """Counts over one file; `first_invalid` is the byte offset of the first byte that is not UTF-8, or None."""

    byte_size: int
    line_feeds: int
    carriage_returns: int
    crlf: int
    ends_with_line_feed: bool
    has_nul: bool
    has_quote: bool
    has_spaced_quote: bool
    may_have_long_line: bool
    is_ascii: bool
    first_invalid: int | None

    @property
    def lone_carriage_returns(self) -> int:
        """Carriage returns that no line feed follows."""
        return self.carriage_returns - self.crlf

    @property
    def physical_lines(self) -> int:
        """Lines as an editor counts them: the last one may lack its line break."""
        return self.line_feeds + (0 if self.ends_with_line_feed or self.byte_size == 0 else 1)


def scan(path: Path) -> TextFacts:
    """The facts of the whole file, in one pass at disk speed."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    size = line_feeds = carriage_returns = crlf = 0
    has_nul = has_quote = has_spaced_quote = may_have_long_line = False
    is_ascii = True
    first_invalid: int | None = None
    last = b""
    with path.open("rb") as file:
        while block := file.read(_WINDOW):
            breaks = block.count(b"\n")
            line_feeds += breaks
            carriage_returns += block.count(b"\r")
            seam = last[-1:] + block[:1]
            crlf += block.count(b"\r\n") + (seam == b"\r\n")
            has_nul = has_nul or b"\0" in block
            has_quote = has_quote or b'"' in block
            # A space next to a quote: parsers disagree whether the quote still opens the field. A seam counts as well.
            has_spaced_quote = has_spaced_quote or b' "' in block or b'" ' in block or seam in (b' "', b'" ')
            # A line longer than a whole record must span one full window without a line feed.
            may_have_long_line = may_have_long_line or (breaks == 0 and len(block) == _WINDOW)
            if not block.isascii() or not is_ascii:
                is_ascii = False
                if first_invalid is None:
                    first_invalid = _invalid_at(decoder, block, size)
            size += len(block)
            last = block
    if first_invalid is None and not is_ascii:
        first_invalid = _invalid_at(decoder, b"", size, final=True)
    return TextFacts(
        byte_size=size,
        line_feeds=line_feeds,
        carriage_returns=carriage_returns,
        crlf=crlf,
        ends_with_line_feed=last.endswith(b"\n"),
        has_nul=has_nul,
        has_quote=has_quote,
        has_spaced_quote=has_spaced_quote,
        may_have_long_line=may_have_long_line,
        is_ascii=is_ascii,
        first_invalid=first_invalid,
    )


def _invalid_at(decoder: codecs.IncrementalDecoder, block: bytes, offset: int, *, final: bool = False) -> int | None:
    waiting = len(decoder.getstate()[0])
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError as exc:
        return offset - waiting + exc.start
    return None


def whole_lines(path: Path, *, start: int = 0, block_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Blocks from byte `start` on that end at a line feed (the last one at the end of the file).

    A line longer than a block makes a longer block.

    Raises
    ------
    UnreadableFileError
        More than 256 MB without a line feed.

    """
    pending: list[bytes] = []
    waiting = 0
    with path.open("rb") as file:
        file.seek(start)
        while block := file.read(block_bytes):
            cut = block.rfind(b"\n") + 1
            if cut:
                yield b"".join([*pending, block[:cut]])
                pending, waiting = [], 0
            pending.append(block[cut:])
            waiting += len(block) - cut
            if waiting > MAX_LINE_IN_MEMORY:
                msg = f"{path.name}: no line break within {waiting:,} bytes: not a text table, ask for the file again."
                raise UnreadableFileError(msg)
    if waiting:
        yield b"".join(pending)
