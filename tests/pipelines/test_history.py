"""The history that runs write through held connections is the one that Dagster's own classes read."""

import dagster as dg
import pytest

from pipelines.history import HeldEvents, HeldRuns, instance_with_held_history
from pipelines.settings import write_dagster_home


@dg.asset
def counted() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"rows": 7})


@dg.asset(deps=[counted], check_specs=[dg.AssetCheckSpec("holds", asset="broken")])
def broken() -> dg.MaterializeResult:
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=False, metadata={"rows_breaking_it": 2})])


def run_twice(instance: dg.DagsterInstance) -> list[str]:
    return [dg.materialize([counted, broken], instance=instance).run_id for _ in range(2)]


@pytest.mark.slow
def test_dagster_reads_what_was_written_through_held_connections(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "")
    write_dagster_home(tmp_path)
    with instance_with_held_history() as held:
        assert isinstance(held.event_log_storage, HeldEvents)
        assert isinstance(held.run_storage, HeldRuns)
        ids = run_twice(held)
        events = [[entry.message for entry in held.all_logs(run_id)] for run_id in ids]
        with dg.DagsterInstance.get() as other:  # as if the process had died: nothing was closed yet
            assert [entry.message for entry in other.all_logs(ids[0])] == events[0]
    with dg.DagsterInstance.get() as plain:
        assert not isinstance(plain.event_log_storage, HeldEvents)
        assert {run.run_id: run.status for run in plain.get_runs()} == dict.fromkeys(ids, dg.DagsterRunStatus.SUCCESS)
        assert [[entry.message for entry in plain.all_logs(run_id)] for run_id in ids] == events
        newest = plain.get_latest_materialization_event(dg.AssetKey("counted"))
        assert newest is not None
        assert newest.run_id == ids[1]
        assert newest.asset_materialization is not None
        assert newest.asset_materialization.metadata["rows"].value == 7
    # folded into the files and closed: nothing is left beside them
    assert (
        sorted(path.suffix for path in (tmp_path / "dagster" / "history").rglob("*") if path.is_file()) == [".db"] * 4
    )


def test_the_place_must_be_known(monkeypatch):
    monkeypatch.delenv("DAGSTER_HOME")
    with pytest.raises(KeyError, match="DAGSTER_HOME"):
        instance_with_held_history()
