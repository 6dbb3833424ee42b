"""Hashing and expanding files as sent: gzip and zstd, streamed to scratch, with limits against bombs.

What the expanded bytes mean belongs to `encoding.py` and the format readers. Archives (zip, tar) are not read.
"""

import gzip
import hashlib
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

import zstandard

from assets.landing.ledger import UnreadableFileError

MAX_EXPANDED_BYTES = 64 << 30
MAX_RATIO = 1000
RATIO_FREE_BYTES = 50 << 20
_CHUNK = 1 << 20
# A zstd block of 128 KB may stand for four bytes of input, so little input is given at once: memory stays below 64 MB.
_ZSTD_FEED = 2 << 10
_ZSTD_WINDOW = 128 << 20
_KEEP_FREE_BYTES = 256 << 20

COMPRESSED_SUFFIXES = (".gz", ".zst")


def content_hash(path: Path) -> str:
    """The sha256 of the file's bytes as sent, in hex; streamed."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def scratch_path(path: Path, scratch: Path, purpose: str) -> Path:
    """A name in `scratch` that no other source path gets."""
    return scratch / f"{hashlib.sha256(str(path).encode()).hexdigest()[:16]}.{purpose}"


def expand(path: Path, scratch: Path, *, max_expanded_bytes: int = MAX_EXPANDED_BYTES) -> Path:
    """The expanded file in `scratch`; a file that is not compressed is returned as it is.

    Raises
    ------
    UnreadableFileError
        Truncated, damaged or not what the suffix says; larger than `max_expanded_bytes` or than the free space of
        `scratch`; or more than 1000 times its compressed size once beyond 50 MB (a bomb).

    """
    suffix = path.suffix.lower()
    if suffix not in COMPRESSED_SUFFIXES:
        return path
    target = scratch_path(path, scratch, "expanded")
    limit = min(max_expanded_bytes, shutil.disk_usage(scratch).free - _KEEP_FREE_BYTES)
    chunks = _gzip_chunks(path) if suffix == ".gz" else _zstd_chunks(path)
    try:
        with target.open("wb") as out:
            for chunk in _limited(chunks, path, limit):
                out.write(chunk)
    except UnreadableFileError:
        target.unlink()  # a refused bomb must not fill the disk until the run ends
        raise
    return target


def _limited(chunks: Iterator[bytes], path: Path, limit: int) -> Iterator[bytes]:
    byte_size = path.stat().st_size
    written = 0
    for chunk in chunks:
        written += len(chunk)
        if written > limit:
            msg = (
                f"{path.name}: {byte_size:,} bytes expand to more than {limit:,} (the limit, or the free disk space): "
                "split the file, or make room."
            )
            raise UnreadableFileError(msg)
        if written > RATIO_FREE_BYTES and written > MAX_RATIO * byte_size:
            msg = (
                f"{path.name}: {byte_size:,} bytes expand to more than {written:,}, over {MAX_RATIO} times: refused as "
                "a decompression bomb. If it is genuine, send it uncompressed."
            )
            raise UnreadableFileError(msg)
        yield chunk


def _gzip_chunks(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path, "rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except (EOFError, zlib.error, gzip.BadGzipFile) as exc:
        msg = f"{path.name}: truncated, damaged or not gzip ({exc}): ask for the file again."
        raise UnreadableFileError(msg) from exc


def _zstd_chunks(path: Path) -> Iterator[bytes]:
    """Expanded pieces of all frames, walked here because the library's stream reader is silent about a cut frame."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    frame = decompressor.decompressobj()
    in_frame = False
    try:
        with path.open("rb") as file:
            while feed := file.read(_ZSTD_FEED):
                while feed:
                    in_frame = True
                    yield frame.decompress(feed)
                    feed = b""
                    if frame.eof:
                        feed = frame.unused_data
                        frame = decompressor.decompressobj()
                        in_frame = False
    except zstandard.ZstdError as exc:
        msg = f"{path.name}: truncated, damaged or not zstd ({exc}): ask for the file again."
        raise UnreadableFileError(msg) from exc
    if in_frame:
        msg = f"{path.name}: zstd stream ends in the middle of a frame: the file is truncated, ask for it again."
        raise UnreadableFileError(msg)
