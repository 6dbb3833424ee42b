"""Parquet that a mapping only projects is checked and stored without a copy: same dates, same faults, same duplicates."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pytest

from assets.ingest import streaming
from assets.ingest.streaming import OffsetStep, clean_texts, offset_steps

ZONES = ("America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "Africa/Casablanca")


def events_of(instants: list[datetime]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "event_id": [f"e{number}" for number in range(len(instants))],
            "occurred_at": pd.to_datetime(pd.Series(instants), utc=True),
            "event_type": "view",
            "user_id": "u1",
        }
    )


@pytest.mark.slow
@pytest.mark.parametrize("zone", ZONES)
def test_dates_are_those_of_the_zone_over_every_change_of_the_clocks(shop, zone):
    shop.time_zone = zone
    first = datetime(2023, 1, 1, 0, 7, tzinfo=UTC)
    instants = [first + timedelta(hours=number * 0.7) for number in range(int(365 * 24 / 0.7))]
    shop.put("events.parquet", events_of(instants))
    shop.ingest()
    stored = shop.query("select occurred_at, activity_date from bronze.events order by occurred_at")
    expected = [(one.replace(tzinfo=None), one.astimezone(ZoneInfo(zone)).date()) for one in instants]
    assert [tuple(row) for row in stored] == expected


def test_many_changes_of_the_clocks_are_left_to_the_engine():
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'America/New_York'")
        span = "select unnest([timestamptz '{}', timestamptz '{}']) as occurred_at"
        year = offset_steps(connection, span.format("2023-01-10", "2023-12-30"), ["occurred_at"])
        assert [step.offset_us // 3_600_000_000 for step in year] == [-5, -4, -5]
        assert year[1] == OffsetStep(int(datetime(2023, 3, 12, 7, tzinfo=UTC).timestamp()), -4 * 3_600_000_000)
        assert offset_steps(connection, span.format("2003-01-10", "2023-12-30"), ["occurred_at"]) == ()
        assert offset_steps(connection, span.format("0003-01-10", "2023-12-30"), ["occurred_at"]) == ()
        assert offset_steps(connection, span.format("infinity", "infinity"), ["occurred_at"]) == ()


def test_faults_and_duplicates_are_found_without_a_copy(shop):
    frame = events_of([datetime(2024, 1, 1, 12, number, tzinfo=UTC) for number in range(6)])
    frame.loc[1, "event_id"] = None
    frame.loc[2, "user_id"] = " u2\t"
    frame.loc[3, "user_id"] = None
    frame.loc[4] = frame.loc[0]
    frame.loc[5, "event_type"] = "vi\0ew"
    shop.put("events.parquet", frame)
    summary = shop.ingest()
    assert summary.rows["events"] == {
        "staged": 6, "loaded": 2, "updated": 0, "duplicate": 1, "excluded": 0, "quarantined": 3,
    }  # fmt: skip
    # a refused row gives no key to anybody
    assert shop.query("select user_id from bronze.user_keys order by 1") == [("u1",), ("u2",)]
    assert [number for (number,) in shop.query("select record_number from bronze.quarantine order by 1")] == [2, 4, 6]


def test_a_mapping_that_does_more_than_project_is_copied_and_gives_the_same_rows(shop):
    frame = events_of([datetime(2024, 1, 1, 12, number, tzinfo=UTC) for number in range(5)])
    shop.put("events.parquet", frame)
    shop.map(
        "events",
        "-- One event per row of events.*.\n-- rows: all of every file\n"
        "select _row, event_id, occurred_at, event_type, user_id, count(*) over () as content_id from landing.events",
    )
    assert shop.ingest().rows["events"]["loaded"] == 5
    assert shop.query("select distinct content_id from bronze.events") == [("5",)]


@pytest.mark.slow
def test_an_event_is_met_again_in_a_file_of_the_same_load_and_of_a_later_one(shop):
    def day(*ids: str, kind: str = "view") -> pd.DataFrame:
        frame = events_of([datetime(2024, 1, 1, 12, tzinfo=UTC)] * len(ids))
        return frame.assign(event_id=ids, event_type=kind)

    shop.put("events-1.parquet", day("a", "b"))
    shop.put("events-2.parquet", day("b", "c"))
    shop.put("events-3.parquet", day("c", kind="cart"))
    first = shop.ingest().rows["events"]
    assert (first["staged"], first["duplicate"], first["loaded"] + first["updated"]) == (5, 1, 4)
    assert shop.ids("events") == ["a", "b", "c"]
    shop.put("events-4.parquet", day("a", "d"))
    shop.put("events-5.parquet", day("a", "d", "e"))
    second = shop.ingest().rows["events"]
    assert (second["loaded"], second["duplicate"]) == (2, 3)
    assert shop.ids("events") == ["a", "b", "c", "d", "e"]


def test_texts_are_clean_unless_empty_or_with_blanks_at_an_end_or_a_nul(monkeypatch):
    monkeypatch.setattr(streaming, "_LOOKED_AT_FROM_ROWS", 0)
    values = {
        "plain": "view", "inside": "a b", "chinese": "微信", "absent": None,
        "empty": "", "before": " view", "behind": "view\t", "wide_blank": "微信\u3000", "nul": "vi\0ew",
    }  # fmt: skip
    frame = pd.DataFrame({f"{place}_id": ["x", value] for place, value in values.items()})
    frame["event_id"], frame["session_id"] = ["e1", "e2"], ["s1", "s1 "]
    with duckdb.connect() as connection:
        connection.register("landed", frame)
        types = dict.fromkeys(frame.columns, "VARCHAR") | {"number": "INTEGER"}
        found = clean_texts(connection, "select *, 1 as number from landed", types)
    assert found == {"plain_id", "inside_id", "chinese_id", "absent_id", "event_id"}


@pytest.mark.slow
def test_clean_and_unclean_files_give_the_same_rows(shop, monkeypatch):
    monkeypatch.setattr(streaming, "_LOOKED_AT_FROM_ROWS", 0)
    frame = events_of([datetime(2024, 1, 1, 12, number, tzinfo=UTC) for number in range(4)])
    frame["device"] = ["ios", "微信", "web", "app"]
    shop.put("events-1.parquet", frame)
    later = frame.assign(event_id=[f"f{number}" for number in range(4)])
    shop.put("events-2.parquet", later.assign(device=["ios ", "\u3000微信", "web", "app\t"]))
    assert shop.ingest().rows["events"]["loaded"] == 8
    assert shop.query("select device, count(*) from bronze.events group by device order by device") == [
        ("app", 2), ("ios", 2), ("web", 2), ("微信", 2),
    ]  # fmt: skip
