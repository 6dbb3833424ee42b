"""A day of a large world, written in parts, arrives as one file per source, as a shop's export has it."""

from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.world import generate
from pipelines.world.parameters import BLOCK_USERS

SHOP: dict[str, Any] = {
    "users": BLOCK_USERS + 500,
    "events": 90_000,
    "days": 40,
    "seed": 5,
    "last_days": 1,
    "workers": 1,
}
DAY = "days/2024-02-09"


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
def test_parts_of_a_day_are_joined_in_their_order(tmp_path, file_format):
    parts = generate(tmp_path / "parts", **SHOP, file_format=file_format, part_blocks=1)
    whole = generate(tmp_path / "whole", **SHOP, file_format=file_format, part_blocks=2)
    assert (tmp_path / "parts" / "history" / f"events-0002.{file_format}").is_file()
    names = sorted(path.name for path in (tmp_path / "parts" / DAY).iterdir())
    assert names == sorted(path.name for path in (tmp_path / "whole" / DAY).iterdir())
    for name in names:
        joined, written = tmp_path / "parts" / DAY / name, tmp_path / "whole" / DAY / name
        if file_format == "parquet":
            assert pq.read_table(joined).equals(pq.read_table(written))
        else:
            assert joined.read_bytes() == written.read_bytes()
        assert parts.file_rows[f"{DAY}/{name}"] == whole.file_rows[f"{DAY}/{name}"]
    assert parts.rows == whole.rows


def test_a_day_carries_no_texts_of_other_days(tmp_path):
    generate(tmp_path, **SHOP)
    day = pq.ParquetFile(tmp_path / DAY / "events.parquet")
    year = pq.ParquetFile(tmp_path / "history" / "events.parquet")
    place = day.schema_arrow.names.index("session_id")
    of_day, of_year = (file.metadata.row_group(0).column(place).total_uncompressed_size for file in (day, year))
    assert of_day < 0.1 * of_year
