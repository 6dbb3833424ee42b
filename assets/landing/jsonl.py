"""JSON Lines into a staging table of texts: one object per line, one column per top-level key.

DuckDB reads the lines on which it and Python cannot differ; every other line goes to `json_lines.py`. Which ones differ is
written down in `_DOUBTFUL`: numbers whose text DuckDB would change, and JSON that DuckDB accepts and the standard does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from assets.landing.encoding import Utf8Text
from assets.landing.json_lines import (
    MAX_DEPTH,
    NotARecordError,
    Values,
    bad_key,
    read_lines,
    read_values,
    rejected,
    unusable,
)
from assets.landing.ledger import ROW_COLUMN, Reject, UnreadableFileError, quoted

MAX_KEYS = 1000
_BATCH_BYTES = 8 << 20
_VIEW = "trellis_landing_batch"
_LINES = "trellis_landing_lines"
_END = r"\s*[,}\]]"
_DOUBTFUL = "|".join(
    (
        r"\\u0000|\\u[dD][89a-fA-F]",  # NUL, and halves of surrogate pairs
        r"," + _END,  # trailing comma
        r"[:\[,]\s*-?[nNiI][aAnN][nNfF]",  # NaN, Infinity
        r"\.[0-9]+0" + _END,  # 12.50 would become 12.5
        r"[0-9][eE][-+]?[0-9]+" + _END,
        r"-0" + _END,
        # More than 15 digits around a point do not fit a double.
        r"[0-9]{3}\.[0-9]{11}|[0-9]{6}\.[0-9]{8}|[0-9]{9}\.[0-9]{5}|[0-9]{12}\.[0-9]{3}|\.[0-9]{14}|[0-9]{14}\.",
    )
)


@dataclass(slots=True)
class _Batch:
    numbers: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    size: int = 0


def stage_jsonl(
    connection: duckdb.DuckDBPyConnection, text: Utf8Text, name: str, table: str
) -> tuple[int, tuple[str, ...], list[Reject]]:
    """Records counted, columns in order of appearance, rejects; fills `staging.<table>`: `_row`, a VARCHAR per key."""
    staging = _Staging(connection, name, f"staging.{quoted(table)}")
    blank = 0
    check = text.facts.has_nul or text.facts.may_have_long_line or text.facts.first_invalid is not None
    rejects: list[Reject] = []
    batch = _Batch()
    for number, offset, line in read_lines(text):
        if number is None:
            blank += 1
        elif check and (reason := unusable(line)):
            rejects.append(rejected(number, offset, line, reason))
        else:
            batch.numbers.append(number)
            batch.offsets.append(offset)
            batch.lines.append(line)
            batch.size += len(line)
            if batch.size > _BATCH_BYTES:
                rejects.extend(staging.add(batch))
                batch = _Batch()
    if batch.lines:
        rejects.extend(staging.add(batch))
    rejects.sort(key=lambda reject: reject.record_number)
    return text.facts.physical_lines - blank, tuple(staging.columns.values()), rejects


class _Staging:
    """The table while it grows: new keys become new columns, in order of appearance."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str, target: str) -> None:
        self._connection = connection
        self._name = name
        self._target = target
        self.columns: dict[str, str] = {}
        connection.execute(f"create table {target} ({quoted(ROW_COLUMN)} bigint)")

    def add(self, batch: _Batch) -> Iterator[Reject]:
        """Stage the records of a batch of lines; yield the rejected ones."""
        lines = pa.table(
            [pa.array(batch.numbers, pa.int64()), pa.array(batch.lines, pa.string())], names=["record_number", "line"]
        )
        self._connection.register(_VIEW, lines)
        # `case` keeps json functions away from lines that are no JSON, and deep nesting away from all of them.
        self._connection.execute(
            f"""
            create or replace temp table {_LINES} as
            select
                record_number,
                line,
                case
                    when length(line) - length(replace(replace(line, '[', ''), '{{', '')) > {MAX_DEPTH} then null
                    when regexp_matches(line, $doubtful) then null
                    when not json_valid(line) then null
                    when json_type(line) = 'OBJECT' then json_keys(line)
                end as keys
            from {_VIEW}
            """,
            {"doubtful": _DOUBTFUL},
        )
        self._connection.unregister(_VIEW)
        self._insert_easy()
        yield from self._insert_doubtful(batch)
        self._connection.execute(f"drop table {_LINES}")

    def _insert_easy(self) -> None:
        """Insert what DuckDB may read; lines with keys that cannot be columns join the doubtful ones."""
        groups = self._connection.execute(
            f"select keys, min(record_number) as first_at from {_LINES} "
            "where keys is not null group by keys order by first_at"
        ).fetchall()
        names: dict[str, None] = {}
        for keys, _ in groups:
            lower = {key.lower() for key in keys}
            if len(lower) < len(keys) or any(bad_key(key, self.columns) for key in keys):
                self._connection.execute(f"update {_LINES} set keys = null where keys = $keys", {"keys": keys})
                continue
            self._add_columns(keys)
            names.update(dict.fromkeys(keys))
        if not names:
            if groups:
                self._connection.execute(
                    f"insert into {self._target} ({quoted(ROW_COLUMN)}) "
                    f"select record_number from {_LINES} where keys is not null"
                )
            return
        paths = ["/" + name.replace("~", "~0").replace("/", "~1") for name in names]
        picked = ", ".join(f"value[{position}]" for position in range(1, len(paths) + 1))
        self._connection.execute(
            f"insert into {self._target} ({quoted(ROW_COLUMN)}, {', '.join(map(quoted, names))}) "
            f"select record_number, {picked} from ("
            f"select record_number, json_extract_string(line, $paths) as value from {_LINES} where keys is not null)",
            {"paths": paths},
        )

    def _insert_doubtful(self, batch: _Batch) -> Iterator[Reject]:
        doubtful = self._connection.execute(f"select record_number from {_LINES} where keys is null").fetchall()
        wanted = {number for (number,) in doubtful}
        rows: list[tuple[int, Values]] = []
        for number, offset, line in zip(batch.numbers, batch.offsets, batch.lines, strict=True):
            if number not in wanted:
                continue
            try:
                values = read_values(line.decode("utf-8"), self.columns)
            except NotARecordError as exc:
                yield rejected(number, offset, line, str(exc))
                continue
            self._add_columns(list(values))
            rows.append((number, values))
        if not rows:
            return
        names = dict.fromkeys(key for _, values in rows for key in values)
        arrays = [pa.array([number for number, _ in rows], pa.int64())]
        arrays += [pa.array([values.get(name) for _, values in rows], pa.string()) for name in names]
        positions = [f"c{position}" for position in range(len(arrays))]
        self._connection.register(_VIEW, pa.table(arrays, names=positions))
        columns = ", ".join(map(quoted, [ROW_COLUMN, *names]))
        self._connection.execute(f"insert into {self._target} ({columns}) select * from {_VIEW}")
        self._connection.unregister(_VIEW)

    def _add_columns(self, keys: list[str]) -> None:
        for key in keys:
            if key.lower() in self.columns:
                continue
            if len(self.columns) == MAX_KEYS:
                msg = (
                    f"{self._name}: more than {MAX_KEYS} different top-level keys: put them into one nested object, "
                    "or split the file."
                )
                raise UnreadableFileError(msg)
            self.columns[key.lower()] = key
            self._connection.execute(f"alter table {self._target} add column {quoted(key)} varchar")
