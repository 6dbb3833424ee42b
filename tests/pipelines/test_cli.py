"""The command line as its users meet it: real processes, exit codes, and errors that say what, where and what to do."""

import json
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from pipelines.cli import main

COMMANDS = ("demo", "run", "backfill", "generate", "recover", "serve", "tables", "sql", "doctor", "quarantine")


@pytest.mark.parametrize("words", [["--help"], *([command, "--help"] for command in COMMANDS)])
def test_every_command_explains_itself(trellis, words):
    done = trellis(*words)
    assert (done.code, done.err) == (0, "")
    assert "usage: trellis" in done.out


@pytest.mark.slow
def test_help_and_a_run_with_nothing_new_load_neither_dagster_nor_pandas(shop):
    code = (
        "import sys; from pipelines.cli import main\n"
        f"code = main(['run', '--home', {str(shop.home)!r}])\n"
        "heavy = sorted({'dagster', 'pandas', 'sklearn', 'great_expectations', 'plotly'} & set(sys.modules))\n"
        "print(code, heavy)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Nothing new since version")
    assert done.stdout.endswith("0 []\n")


@pytest.mark.parametrize(
    "words, says",
    [
        (["run", "--as-of", "tomorrow"], "write YYYY-MM-DD"),
        (["run", "--horizons", "28,x"], "write 28 or 28,90"),
        (["dance"], "invalid choice"),
        (["backfill", "--from", "2024-01-01"], "--until"),
    ],
)
def test_wrong_usage_is_exit_code_2(trellis, words, says):
    done = trellis(*words)
    assert done.code == 2
    assert says in done.err


@pytest.mark.slow
def test_every_way_to_generate_a_world_is_offered(trellis, tmp_path):
    out = tmp_path / "shop"
    words = ("--users", 60, "--events", 2000, "--days", 60, "--start", "2023-03-01", "--optional", "--last-days", 2)
    made = trellis("generate", "--out", out, *words, "--processes", 1)
    assert made.code == 0, made.err
    assert sorted(path.name for path in (out / "days").iterdir()) == ["2023-04-28", "2023-04-29"]
    assert (out / "optional" / "campaign_contacts.parquet").is_file()
    refused = trellis("generate", "--out", tmp_path / "none", "--users", 0)
    assert (refused.code, "at least 1 user" in refused.err, "Traceback" in refused.err) == (1, True, False)


@pytest.mark.slow
def test_the_run_publishes_lists_tables_pages_and_a_manifest(shop):
    assert shop.run.code == 0, shop.run.err
    published = shop.home / "published"
    version = published / (published / "current").read_text().strip()
    manifest = json.loads((version / "manifest.json").read_text())
    present = {path.relative_to(version).as_posix() for path in version.rglob("*") if path.is_file()}
    assert present == {*manifest["files"], "manifest.json"}
    for name in ("retention", "reactivation", "pricing"):
        frame = pd.read_parquet(version / "segments" / f"{name}.parquet")
        assert len(frame) == manifest["segments"][name]["rows"]
        assert frame["consent_basis"].notna().all()
        assert (frame["expires_at"] > frame["as_of"]).all()
    assert "phone" in " ".join(manifest["data_quality"]["notices"])


@pytest.mark.slow
def test_direct_identifiers_are_nowhere_in_the_home(shop):
    users = pd.read_csv(shop.landing / "users.csv", dtype=str, encoding_errors="replace")
    phones = [phone.encode() for phone in users["phone"].dropna().unique() if len(phone) >= 8]
    landing = (shop.landing / "users.csv").read_bytes()
    assert all(phone in landing for phone in phones[:50])  # the control fires
    for path in shop.home.rglob("*"):
        if path.is_file() and shop.landing not in path.parents:
            content = path.read_bytes()
            assert not [phone for phone in phones if phone in content], path


@pytest.mark.slow
def test_doctor_proves_a_sound_home_and_finds_a_changed_file(trellis, shop, tmp_path):
    sound = trellis("doctor", "--home", shop.home)
    assert sound.code == 0, sound.out
    assert "totals recomputed from the landing files" in sound.out
    assert "not checked" not in sound.out
    hurt = tmp_path / "hurt"
    shutil.copytree(shop.home, hurt)
    version = hurt / "published" / (hurt / "published" / "current").read_text().strip()
    path = version / "segments" / "retention.csv"
    path.write_bytes(path.read_bytes() + b"x")
    found = trellis("doctor", "--home", hurt)
    assert found.code == 1
    assert "retention.csv is not what the manifest says" in found.out


@pytest.mark.slow
def test_doctor_finds_a_lost_row(trellis, shop, tmp_path, edit_warehouse):
    hurt = tmp_path / "hurt"
    shutil.copytree(shop.home, hurt)
    edit_warehouse(hurt, "delete from bronze.orders where order_id = (select min(order_id) from bronze.orders)")
    found = trellis("doctor", "--home", hurt)
    assert found.code == 1
    assert "FAIL  bronze.orders holds what the ledger says" in found.out
    assert "FAIL  totals recomputed from the landing files" in found.out


@pytest.mark.slow
def test_sql_reads_and_never_writes(trellis, shop):
    counted = trellis("sql", "--home", shop.home, "--csv", "select count(*) as users from core.users")
    assert counted.out == "users\n300\n"
    for statement in (
        "delete from core.users",
        "copy core.users to 'x.csv'",
        "select * from read_text('/etc/hostname')",
    ):
        refused = trellis("sql", "--home", shop.home, statement)
        assert refused.code == 1
        assert "cannot be run" in refused.err
        assert "Traceback" not in refused.err


@pytest.mark.slow
def test_quarantine_lists_reasons_and_replay_reads_again(trellis, shop, tmp_path):
    listed = trellis("quarantine", "list", "--home", shop.home)
    assert listed.code == 0
    assert "event_id is missing" in listed.out
    home = tmp_path / "copy"
    shutil.copytree(shop.home, home)
    replayed = trellis("quarantine", "replay", "--home", home)
    assert replayed.code == 0, replayed.err
    assert "files read again" in replayed.out
    assert trellis("doctor", "--home", home).code == 0


@pytest.mark.slow
def test_another_shop_in_the_same_home_is_refused(trellis, shop):
    done = trellis("run", "--home", shop.home, "--mapping", "online_retail")
    assert done.code == 1
    assert "one home is one shop" in done.err
    assert "Traceback" not in done.err


ERRORS = {
    "doctor": (["doctor"], "`trellis run` or `trellis demo` makes it"),
    "sql": (["sql", "select 1"], "`trellis run` or `trellis demo` makes it"),
    "quarantine": (["quarantine", "list"], "`trellis run` or `trellis demo` makes it"),
    "tables": (["tables", "core.nothing"], "`trellis tables` lists them"),
    "mapping": (["run", "--mapping", "nowhere"], "no mapping 'nowhere'"),
    "sources": (["run", "--sources", "no/such/folder"], "no such folder"),
}


@pytest.mark.parametrize("command", ["doctor", "sql", "quarantine", "tables"])
def test_errors_say_what_to_do(command, tmp_path, capsys):
    words, says = ERRORS[command]
    assert main([*words, "--home", str(tmp_path / "home")]) == 1
    assert says in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("command", ERRORS)
def test_errors_end_a_process_without_a_trace(trellis, tmp_path, command):
    words, says = ERRORS[command]
    done = trellis(*words, "--home", tmp_path / "home")
    assert done.code == 1
    assert says in done.err
    assert "Traceback" not in done.err


@pytest.mark.slow
def test_an_empty_sources_folder_says_what_is_expected(trellis, tmp_path):
    done = trellis("run", "--home", tmp_path / "home", "--sources", tmp_path)
    assert done.code == 1
    assert "orders.*" in done.err


@pytest.mark.slow
def test_a_missing_required_column_stops_that_source_alone(trellis, shop, tmp_path):
    landing = tmp_path / "landing"
    shutil.copytree(shop.landing, landing, ignore=shutil.ignore_patterns("truth"))
    feedback = (landing / "feedback.csv").read_text(errors="replace").replace("created_at", "written_on", 1)
    (landing / "feedback.csv").write_text(feedback)
    done = trellis("run", "--home", tmp_path / "home", "--sources", landing)
    assert done.code == 1
    assert "feedback.csv" in done.err
    assert "created_at" in done.err
    counted = trellis("sql", "--home", tmp_path / "home", "--csv", "select count(*) as n from bronze.feedback")
    assert counted.out == "n\n0\n"
    assert (tmp_path / "home" / "published" / "current").is_file()
