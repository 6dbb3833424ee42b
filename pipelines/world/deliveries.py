"""One file per source and day, as a shop's export has it: the parts of a large world are joined after they were written.

Belongs here: joining files. Does not belong here: on which day a row arrives (`arrival.py`).
"""

from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

import pyarrow.parquet as pq

from pipelines.world.writing import FileFormat, TableWriter


def join_days(out: Path, file_rows: dict[str, int], file_format: FileFormat) -> dict[str, int]:
    """Join the parts `days/<date>/<source>-0001.*`, ... of each source and day to `days/<date>/<source>.*`.

    `file_rows`: records of each file by its path below `out`. Returns those of the days' files afterwards; rows stay in the
    order of the parts.
    """
    parts: dict[Path, list[Path]] = defaultdict(list)
    for path in map(Path, sorted(file_rows)):
        if path.parts[0] == "days":
            parts[path.parent / f"{path.name.split('-')[0].split('.')[0]}.{file_format}"].append(path)
    joined = {}
    for target, pieces in parts.items():
        if pieces != [target]:
            _join(out / target, [out / piece for piece in pieces], file_format)
        joined[target.as_posix()] = sum(file_rows[piece.as_posix()] for piece in pieces)
    return joined


def _join(target: Path, pieces: list[Path], file_format: FileFormat) -> None:
    with ExitStack() as stack:
        writer = stack.enter_context(TableWriter(target, file_format))
        for piece in pieces:
            if file_format == "parquet":
                writer.write(pq.read_table(piece))
            else:
                # the header of the later pieces is left out
                header, _, lines = piece.read_bytes().partition(b"\n")
                writer.write_lines(header + b"\n", [lines])
    for piece in pieces:
        piece.unlink()
