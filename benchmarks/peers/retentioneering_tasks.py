"""Child process: the five tasks with Retentioneering. Its telemetry is off: `clickstream.py` sets the environment for that."""

# pyright: reportMissingImports=false
# (Retentioneering comes with the benchmark extra only)

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from retentioneering.eventstream import Eventstream

from benchmarks.peers.tasks import FUNNEL_STEPS, MATRIX_STEPS, Plan, task_main

SCHEMA = {"path_cols": ["user_key"], "event_col": "event", "timestamp_col": "occurred_at"}
"""Its own columns are called event_type and index, so ours must not be."""
ENDS = {"path_start": "(start)", "path_end": "(end)"}
"""Its names of a path's ends -> ours."""


@contextmanager
def planned(file: Path) -> Iterator[Plan]:
    """Yield what is timed and what brings its result into the common shape."""
    held: dict = {}

    def load() -> None:
        frame = pd.read_parquet(file, columns=["user_key", "occurred_at", "event_type"])
        held["stream"] = Eventstream(frame.rename(columns={"event_type": "event"}), SCHEMA)

    def sessions() -> None:
        held["sessions"] = held["stream"].split_sessions(timeout="30m")

    def funnel() -> None:
        held["funnel"] = held["stream"].funnel_data(steps=list(FUNNEL_STEPS))

    def transitions() -> None:
        held["transitions"] = held["sessions"].transition_graph_data(edge_weight="count", path_col="session_id")

    def step_matrix() -> None:
        held["matrix"] = held["sessions"].step_matrix_data(max_steps=MATRIX_STEPS, path_col="session_id")

    def shaped_sessions() -> pd.DataFrame:
        visits = held["sessions"].df.groupby("session_id", observed=True)
        found = visits.agg(
            user_key=("user_key", "first"),
            started_at=("occurred_at", "min"),
            ended_at=("occurred_at", "max"),
            events_count=("occurred_at", "size"),
        )
        return found.reset_index(drop=True)

    def shaped_funnel() -> pd.DataFrame:
        counts = [step["unique_paths"] for step in held["funnel"]["steps"]]
        return pd.DataFrame({"step_number": range(1, len(counts) + 1), "users_count": counts})

    def shaped_transitions() -> pd.DataFrame:
        matrix = (
            held["transitions"].rename(index=ENDS, columns=ENDS).rename_axis(index="from_event", columns="to_event")
        )
        cells = matrix.reset_index().melt("from_event", var_name="to_event", value_name="transitions_count")
        return cells[cells["transitions_count"] > 0]

    def shaped_matrix() -> pd.DataFrame:
        # its step 0 is the start of the path; shares are of all sessions
        matrix = held["matrix"].rename(index=ENDS).drop(columns=0).rename_axis(index="event_type", columns="step")
        counts = (matrix * held["sessions"].df["session_id"].nunique()).round().astype("int64")
        cells = counts.reset_index().melt("event_type", var_name="step", value_name="sessions_count")
        return cells[cells["sessions_count"] > 0].astype({"event_type": str, "step": "int64"})

    yield {
        "load": (load, None),
        "sessions": (sessions, shaped_sessions),
        "funnel": (funnel, shaped_funnel),
        "transitions": (transitions, shaped_transitions),
        "step_matrix": (step_matrix, shaped_matrix),
    }


if __name__ == "__main__":
    task_main(planned)
