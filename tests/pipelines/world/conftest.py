"""Worlds that the tests of this folder share; each is made once."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.world import generate


@pytest.fixture(scope="session")
def small_world(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("world") / "small"
    generate(out, users=2000, events=150_000, days=180, seed=7)
    return out


@pytest.fixture(scope="session")
def read():
    """Return the rows of a source (or truth/<name>) over all its parts, in file order."""

    def _read(folder: Path, name: str) -> pa.Table:
        plain = folder / f"{name}.parquet"
        files = [plain] if plain.exists() else sorted(folder.glob(f"{name}-[0-9]*.parquet"))
        return pa.concat_tables([pq.read_table(file) for file in files])

    return _read


WORLD_START = date(2024, 1, 1)
