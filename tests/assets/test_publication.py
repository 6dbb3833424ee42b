"""A version is written whole or not at all; the pointer moves last, never back, and never to lists that jumped in size."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from assets.publication import (
    Permission, PublicationHeldError, current_version, publish, read_manifest, remove_old_versions,
)  # fmt: skip
from assets.warehouse import open_warehouse
from contracts.outputs import TABLES
from contracts.settings import Settings
from sql.queries import load_queries

AS_OF = date(2024, 5, 1)
NOW = datetime(2024, 5, 1, 4, 0, tzinfo=UTC)
SETTINGS = Settings(size_jump_rows_at_least=3)


def member(number: int, as_of: date, **changes: object) -> dict[str, object]:
    row = dict.fromkeys(TABLES["segment.members"].columns, "x") | {
        "segment": "retention", "user_id": f"u{number:03d}", "as_of": as_of, "entered_at": as_of, "probability": 0.5,
        "percentile": 0.5, "value_at_stake": float(number), "reason_codes": ["valuable_customer"], "is_control": False,
        "expires_at": as_of + timedelta(days=14),
    }  # fmt: skip
    return row | changes


def fill(home: Path, as_of: date, members: int, **changes: object) -> None:
    """Write the tables a publication reads, with so many members of one list."""
    with open_warehouse(home) as warehouse:
        for setting, value in {"horizons_days": "28", "churn_window_days": "56", "mapping": "canonical"}.items():
            warehouse.remember(setting, value)
        for query in load_queries().values():
            warehouse.build(query, {"as_of": as_of, "horizon_days": 28})
        rows = pd.DataFrame([member(number, as_of, **changes) for number in range(members)])
        if members:
            warehouse.write_frame(TABLES["segment.members"], rows, as_of=as_of)
        sizes = pd.DataFrame([
            {"segment": name, "as_of": as_of, "members_count": members if name == "retention" else 0, "control_count": 0,
             "lacking_consent_count": 0, "previous_members_count": None, "reason": "none qualify"}
            for name in ("pricing", "reactivation", "retention")
        ])  # fmt: skip
        warehouse.write_frame(TABLES["segment.sizes"], sizes, as_of=as_of)


def put_out(home: Path, as_of: date = AS_OF, *, now: datetime = NOW, draw=lambda _folder: {}, **allowed: bool):
    with open_warehouse(home) as warehouse:
        return publish(
            warehouse, home, as_of, settings=SETTINGS, permission=Permission(**allowed), draw_pages=draw, run_id="r",
            code_version="0", created_at=now,
        )  # fmt: skip


def test_the_version_holds_what_the_manifest_says(tmp_path):
    fill(tmp_path, AS_OF, 4)
    done = put_out(tmp_path)
    assert current_version(tmp_path) == done.folder
    manifest = read_manifest(done.folder)
    assert manifest["segments"]["retention"]["rows"] == 4
    assert manifest["segments"]["pricing"]["empty_because"] == "none qualify"
    listed = pd.read_parquet(done.folder / "segments" / "retention.parquet")
    assert listed["user_id"].tolist() == ["u003", "u002", "u001", "u000"]
    assert {"report.revenue_month.parquet", "score.model_card.parquet"} <= {p.name for p in (done.folder / "tables").iterdir()}


@pytest.mark.parametrize("lead", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_a_spreadsheet_would_run_is_quoted_in_csv_only(tmp_path, lead):
    hostile = f"{lead}cmd()|A1"
    fill(tmp_path, AS_OF, 1, user_id=hostile, value_at_stake=-5.0)
    folder = put_out(tmp_path).folder
    flat = pd.read_csv(folder / "segments" / "retention.csv", dtype=str, keep_default_na=False)
    assert flat["user_id"].tolist() == [f"'{hostile}"]
    assert flat["value_at_stake"].tolist() == ["-5.0"]
    assert pd.read_parquet(folder / "segments" / "retention.parquet")["user_id"].tolist() == [hostile]


def test_a_jump_in_size_is_held_back_until_it_is_allowed(tmp_path):
    fill(tmp_path, AS_OF, 10)
    first = put_out(tmp_path)
    later = AS_OF + timedelta(days=1)
    fill(tmp_path, later, 2)
    with pytest.raises(PublicationHeldError, match=r"retention 10 -> 2.*--allow-jump"):
        put_out(tmp_path, later)
    assert current_version(tmp_path) == first.folder
    assert put_out(tmp_path, later, size_jump=True).folder == current_version(tmp_path)


def test_the_pointer_never_goes_back_in_time_unasked(tmp_path):
    fill(tmp_path, AS_OF, 1)
    put_out(tmp_path)
    earlier = AS_OF - timedelta(days=1)
    fill(tmp_path, earlier, 1)
    with pytest.raises(PublicationHeldError, match="--allow-older"):
        put_out(tmp_path, earlier)
    assert read_manifest(put_out(tmp_path, earlier, older_as_of=True).folder)["as_of"] == earlier.isoformat()


def test_a_failure_while_drawing_leaves_the_published_version_alone(tmp_path):
    fill(tmp_path, AS_OF, 1)
    first = put_out(tmp_path)

    def broken(_folder: Path):
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        put_out(tmp_path, draw=broken)
    assert current_version(tmp_path) == first.folder
    assert not list((tmp_path / "published").glob(".writing-*"))


def test_old_versions_go_after_their_time_and_the_current_one_never(tmp_path):
    fill(tmp_path, AS_OF, 1)
    versions = [put_out(tmp_path, now=NOW + timedelta(hours=hours)).folder for hours in range(4)]
    few = Settings(keep_versions=2, keep_versions_hours=24)
    assert remove_old_versions(tmp_path, few, now=NOW + timedelta(hours=10)) == []
    removed = remove_old_versions(tmp_path, few, now=NOW + timedelta(days=3))
    assert removed == [versions[1].name, versions[0].name]
    assert current_version(tmp_path) == versions[3]


_PUBLISHER = """
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from assets.publication import Permission, publish
from assets.warehouse import open_warehouse
from contracts.settings import Settings
home = Path(sys.argv[1])
print("ready", flush=True)
while True:
    with open_warehouse(home) as warehouse:
        publish(warehouse, home, date(2024, 5, 1), settings=Settings(keep_versions=100), permission=Permission(),
                draw_pages=lambda folder: {}, run_id="r", code_version="0", created_at=datetime.now(UTC))
"""


@pytest.mark.slow
def test_a_killed_publisher_never_leaves_a_torn_version(tmp_path):
    """Readers follow the pointer while the writer is killed at random moments: whole versions only, never backward."""
    fill(tmp_path, AS_OF, 5)
    put_out(tmp_path)
    seen = 0
    for pause in (0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.05, 1.2):
        with subprocess.Popen(
            [sys.executable, "-c", _PUBLISHER, str(tmp_path)], stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        ) as writer:  # fmt: skip
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(pause)
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        version = current_version(tmp_path)
        manifest = read_manifest(version)
        for name, facts in manifest["files"].items():
            assert (version / name).stat().st_size == facts["bytes"]
        number = int(version.name.rsplit(".", 1)[1])
        assert number >= seen
        seen = number
    put_out(tmp_path)
    assert not list((tmp_path / "published").glob(".writing-*"))


def test_a_version_can_be_read_by_anything(tmp_path):
    fill(tmp_path, AS_OF, 1)
    folder = put_out(tmp_path).folder
    copy = tmp_path / "elsewhere"
    shutil.copytree(folder, copy)
    assert json.loads((copy / "manifest.json").read_text())["version"] == folder.name
