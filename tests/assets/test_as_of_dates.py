"""Which dates a run is made for: shops of the nineties too, and a refusal in words for what no calendar of ours holds."""

from datetime import date, timedelta

import pytest

from assets.tables import DAILY, AsOfError, partition_of


@pytest.mark.parametrize("as_of", [date(1990, 1, 1), date(1998, 4, 1), date(2000, 1, 1), date(2017, 12, 3)])
def test_a_date_is_its_own_partition(as_of):
    key = partition_of(as_of)
    assert key == as_of.isoformat()
    assert DAILY.has_partition_key(key)


def test_the_newest_partition_is_offered_and_the_day_after_refused():
    newest = date.fromisoformat(DAILY.get_last_partition_key())
    assert DAILY.has_partition_key(partition_of(newest))
    with pytest.raises(AsOfError, match=f"--as-of {newest + timedelta(days=1)}: .* from 1990-01-01 to {newest}"):
        partition_of(newest + timedelta(days=1))


def test_a_date_before_the_first_partition_is_refused():
    with pytest.raises(AsOfError, match="from 1990-01-01"):
        partition_of(date(1989, 12, 31))


def test_the_command_line_refuses_it_before_it_reads_a_file(tmp_path, capsys):
    from pipelines.cli import main

    code = main(["run", "--home", str(tmp_path / "home"), "--as-of", "1989-12-31"])
    said = capsys.readouterr()
    assert code == 1
    assert said.err.startswith("trellis: --as-of 1989-12-31: ")
    assert "Traceback" not in said.err
    assert "bronze" not in said.out
