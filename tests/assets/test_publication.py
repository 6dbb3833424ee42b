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

from assets.failpoints import KILLED
from assets.publication import CSV_NOTE, Permission, PublicationHeldError, RunFacts, publish
from assets.versions import PointerError, all_versions, current_version, read_manifest, remove_old_versions
from assets.warehouse import open_warehouse
from contracts.outputs import TABLES
from contracts.settings import Settings
from sql.queries import load_queries

AS_OF = date(2024, 5, 1)
NOW = datetime(2024, 5, 1, 4, 0, tzinfo=UTC)
SETTINGS = Settings(size_jump_rows_at_least=3)
EMPTY = Path()


def member(number: int, as_of: date, **changes: object) -> dict[str, object]:
    row = dict.fromkeys(TABLES["segment.members"].columns, "x") | {
        "segment": "retention", "user_id": f"u{number:03d}", "as_of": as_of, "entered_at": as_of, "probability": 0.5,
        "percentile": 0.5, "value_at_stake": float(number), "reason_codes": ["valuable_customer"], "is_control": False,
        "expires_at": as_of + timedelta(days=14),
    }  # fmt: skip
    return row | changes


@pytest.fixture(scope="module", autouse=True)
def _empty_shop(tmp_path_factory):
    """A warehouse with every table, all empty, built once: `fill` begins with a copy of it."""
    global EMPTY  # noqa: PLW0603
    EMPTY = tmp_path_factory.mktemp("empty")
    with open_warehouse(EMPTY) as warehouse:
        for setting, value in {"horizons_days": "28", "churn_window_days": "56", "mapping": "canonical"}.items():
            warehouse.remember(setting, value)
        for query in load_queries().values():
            warehouse.build(query, {"as_of": AS_OF, "horizon_days": 28})


def fill(home: Path, as_of: date, members: int, **changes: object) -> None:
    """Write so many members of one list, and its sizes."""
    if not (home / "warehouse.duckdb").exists():
        shutil.copytree(EMPTY, home, dirs_exist_ok=True)
    with open_warehouse(home) as warehouse:
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
            warehouse, home, as_of, settings=SETTINGS, permission=Permission(**allowed), draw_pages=draw,
            facts=RunFacts("r", "0", now),
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
    assert {"report.revenue_month.parquet", "score.model_card.parquet"} <= {
        p.name for p in (done.folder / "tables").iterdir()
    }


def test_a_declared_list_is_published_beside_those_of_the_house(tmp_path):
    fill(tmp_path, AS_OF, 4)
    with open_warehouse(tmp_path) as warehouse:
        run = warehouse.connection.execute
        run("insert into segment.members select * replace ('cart_left' as segment) from segment.members limit 3")
        run(
            "insert into segment.sizes select * replace ('cart_left' as segment, 3 as members_count) from segment.sizes limit 1"
        )
    folder = put_out(tmp_path).folder
    assert read_manifest(folder)["segments"]["cart_left"]["rows"] == 3
    assert {path.name for path in (folder / "segments").iterdir()} == {
        f"{name}.{kind}"
        for name in ("retention", "reactivation", "pricing", "cart_left")
        for kind in ("csv", "parquet")
    }


def test_text_that_a_spreadsheet_would_run_is_quoted_in_csv_only(tmp_path):
    hostile = [f"{lead}cmd()|A1" for lead in ("=", "+", "-", "@", "'", "\t", "\r")]
    fill(tmp_path, AS_OF, len(hostile), value_at_stake=-5.0)
    with open_warehouse(tmp_path) as warehouse:
        for number, text in enumerate(hostile):
            warehouse.connection.execute(
                "update segment.members set user_id = $1 where user_id = $2", [text, f"u{number:03d}"]
            )
    folder = put_out(tmp_path).folder
    flat = pd.read_csv(folder / "segments" / "retention.csv", dtype=str, keep_default_na=False)
    assert sorted(flat["user_id"]) == sorted(f"'{text}" for text in hostile)
    assert set(flat["value_at_stake"]) == {"-5.0"}
    assert sorted(pd.read_parquet(folder / "segments" / "retention.parquet")["user_id"]) == sorted(hostile)


@pytest.mark.slow
def test_a_jump_in_size_is_held_back_until_it_is_allowed(tmp_path):
    fill(tmp_path, AS_OF, 10)
    first = put_out(tmp_path)
    later = AS_OF + timedelta(days=1)
    fill(tmp_path, later, 2)
    with pytest.raises(PublicationHeldError, match=r"retention 10 -> 2.*--allow-jump"):
        put_out(tmp_path, later)
    assert current_version(tmp_path) == first.folder
    assert put_out(tmp_path, later, size_jump=True).folder == current_version(tmp_path)


@pytest.mark.slow
def test_the_pointer_never_goes_back_in_time_unasked(tmp_path):
    fill(tmp_path, AS_OF, 1)
    put_out(tmp_path)
    earlier = AS_OF - timedelta(days=1)
    fill(tmp_path, earlier, 1)
    with pytest.raises(PublicationHeldError, match="--allow-older"):
        put_out(tmp_path, earlier)
    assert read_manifest(put_out(tmp_path, earlier, older_as_of=True).folder)["as_of"] == earlier.isoformat()


@pytest.mark.slow
def test_a_failure_while_drawing_leaves_the_published_version_alone(tmp_path):
    fill(tmp_path, AS_OF, 1)
    first = put_out(tmp_path)

    def broken(_folder: Path):
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        put_out(tmp_path, draw=broken)
    assert current_version(tmp_path) == first.folder
    assert not list((tmp_path / "published").glob(".writing-*"))


@pytest.mark.slow
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
from assets.publication import Permission, RunFacts, publish
from assets.warehouse import open_warehouse
from contracts.settings import Settings
home = Path(sys.argv[1])
print("ready", flush=True)
for _ in range(int(sys.argv[2])):
    with open_warehouse(home) as warehouse:
        publish(warehouse, home, date(2024, 5, 1), settings=Settings(keep_versions=2, keep_versions_hours=0),
                permission=Permission(), draw_pages=lambda folder: {}, facts=RunFacts("r", "0", datetime.now(UTC)))
"""


@pytest.mark.slow
def test_a_killed_publisher_never_leaves_a_torn_version(tmp_path):
    """Readers follow the pointer while the writer is killed at random moments: whole versions only, never backward."""
    fill(tmp_path, AS_OF, 5)
    put_out(tmp_path)
    seen = 0
    for pause in (0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.05, 1.2):
        with subprocess.Popen(
            [sys.executable, "-c", _PUBLISHER, str(tmp_path), "1000"], stdout=subprocess.PIPE,
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


@pytest.mark.parametrize(
    "place,moved",
    [
        ("after current", True),
        *(
            pytest.param(place, moved, marks=pytest.mark.slow)
            for place, moved in (
                ("claimed", False), ("files written", False), ("before manifest.json", False), ("after manifest.json", False),
                ("renamed", False), ("before current", False), ("removing", True),
            )
        ),
    ],
)  # fmt: skip
def test_a_kill_at_any_step_leaves_the_old_or_the_new_version_and_the_next_run_sweeps(sound_home, place, moved):
    before = current_version(sound_home).name
    killed = subprocess.run(
        [sys.executable, "-c", _PUBLISHER, str(sound_home), "1"], check=False, capture_output=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TRELLIS_FAILPOINT": place},
    )  # fmt: skip
    assert killed.returncode == KILLED, killed.stderr
    assert (current_version(sound_home).name != before) == moved
    for version in all_versions(sound_home):
        facts = read_manifest(version)["files"]
        assert {name: (version / name).stat().st_size for name in facts} == {
            name: one["bytes"] for name, one in facts.items()
        }
    after = put_out(sound_home)
    assert current_version(sound_home) == after.folder
    hidden = {path.name for path in (sound_home / "published").iterdir()} - {
        path.name for path in all_versions(sound_home)
    }
    assert hidden == {"current"}


@pytest.fixture(scope="module")
def three_versions(tmp_path_factory):
    home = tmp_path_factory.mktemp("three")
    fill(home, AS_OF, 2)
    for hours in range(3):
        put_out(home, now=NOW + timedelta(hours=hours))
    return home


@pytest.fixture
def sound_home(three_versions, tmp_path):
    """A home with three published versions."""
    return shutil.copytree(three_versions, tmp_path / "home")


@pytest.mark.parametrize("text", ["", "2024-05-01.9\n", "../outside\n", "\x00\x00"])
def test_a_damaged_pointer_is_told_with_the_versions_that_are_whole(sound_home, text):
    (sound_home / "published" / "current").write_text(text)
    with pytest.raises(PointerError, match=r"newest: 2024-05-01.1, 2024-05-01.2, 2024-05-01.3"):
        put_out(sound_home)
    (sound_home / "published" / "current").write_text("2024-05-01.2")
    assert current_version(sound_home).name == "2024-05-01.2"


def test_a_damaged_manifest_of_an_old_version_does_not_stop_the_next_one(sound_home):
    (all_versions(sound_home)[0] / "manifest.json").write_text("{")
    done = put_out(sound_home)
    assert current_version(sound_home) == done.folder
    assert all_versions(sound_home)[0].name == "2024-05-01.1"


@pytest.mark.slow
def test_two_publications_of_the_same_tables_hold_the_same_rows(tmp_path):
    fill(tmp_path, AS_OF, 5, value_at_stake=1.0)  # ties everywhere: the order must come from the key
    first, second = (put_out(tmp_path).folder for _ in range(2))
    names = sorted(read_manifest(first)["files"])
    assert names == sorted(read_manifest(second)["files"])
    for name in names:
        read = pd.read_parquet if name.endswith(".parquet") else pd.read_csv
        pd.testing.assert_frame_equal(read(first / name), read(second / name))


def test_a_quoted_cell_gives_its_value_back(tmp_path):
    values = ["plain", "'=1", "=1", "''", "-", "it's"]
    fill(tmp_path, AS_OF, 1)
    with open_warehouse(tmp_path) as warehouse:
        rows = pd.DataFrame([member(number, AS_OF, user_id=value) for number, value in enumerate(values)])
        warehouse.write_frame(TABLES["segment.members"], rows, as_of=AS_OF)
    folder = put_out(tmp_path).folder
    cells = pd.read_csv(folder / "segments" / "retention.csv", dtype=str, keep_default_na=False)["user_id"]
    assert "drop the first apostrophe" in CSV_NOTE
    assert sorted(cell.removeprefix("'") for cell in cells) == sorted(values)


def test_a_home_may_have_an_apostrophe_in_its_name(tmp_path):
    home = tmp_path / "o'brien"
    fill(home, AS_OF, 1)
    assert put_out(home).rows == 1


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_disk_leaves_the_old_version_published(tmp_path):
    home = tmp_path / "home"
    fill(home, AS_OF, 2_000)
    small = home / "published"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)], check=False, capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small file system could be mounted: {mounted.stderr.strip()}")
    try:
        first = put_out(home)
        stuffing = small / "stuffing"
        with pytest.raises(OSError, match="No space left"):
            stuffing.write_bytes(b"x" * 2**20)
        with pytest.raises(Exception, match=r"(?i)no space left|could not write|disk"):
            put_out(home)
        assert current_version(home) == first.folder
        stuffing.unlink()
        assert put_out(home).folder == current_version(home)
    finally:
        subprocess.run(["umount", str(small)], check=True)
