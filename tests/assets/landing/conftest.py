"""One door to staging for all landing tests: bytes in, ledger and rows out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from assets.landing import ReadOptions, StagedFile, stage_file


@dataclass(frozen=True)
class Staged:
    file: StagedFile
    rows: dict[int, tuple]

    @property
    def rejected(self) -> list[int]:
        return [reject.record_number for reject in self.file.rejects]

    @property
    def reasons(self) -> list[str]:
        return [reject.reason for reject in self.file.rejects]

    @property
    def counts(self) -> tuple[int, int, int]:
        return self.file.records_counted, self.file.staged, self.file.rejected


Stage = Callable[..., Staged]


@pytest.fixture(scope="session")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"preserve_insertion_order": "false"}) as opened:
        yield opened


@pytest.fixture
def stage(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> Stage:
    def staged(data: bytes, name: str = "file.csv", **options: str) -> Staged:
        path = tmp_path / name
        path.write_bytes(data)
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        connection.execute("drop schema if exists staging cascade")
        file = stage_file(connection, path, "landed", ReadOptions(**options), scratch)
        rows = connection.execute("select * from staging.landed order by _row").fetchall()
        return Staged(file, {row[0]: row[1:] for row in rows})

    return staged
