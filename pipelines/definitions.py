"""All of Trellis as Dagster sees it: assets in groups, jobs, schedule, sensor, and the home as resource."""

import os
from pathlib import Path

import dagster as dg

from assets.backtest import backtest_tables
from assets.bronze import bronze
from assets.campaign_response import campaign_response
from assets.clusters import user_cluster
from assets.funnels import funnel
from assets.home import Home
from assets.horizons import horizons
from assets.outcomes import outcomes
from assets.personas import user_persona
from assets.scores import SCORE_ASSETS
from assets.segments import segment_members
from assets.tables import TABLE_ASSETS
from pipelines.jobs import JOBS, new_landing_files, nightly
from pipelines.publish import published_version
from pipelines.settings import DEFAULT_HOME, load_settings


def home_resource(folder: Path, overrides: dict[str, object] | None = None) -> Home:
    """Return the resource for a home, with its settings read once."""
    return Home(path=str(folder), settings_json=load_settings(folder, overrides).model_dump_json())


ASSETS = [
    bronze,
    *TABLE_ASSETS,
    horizons,
    user_persona,
    user_cluster,
    campaign_response,
    *SCORE_ASSETS,
    outcomes,
    backtest_tables,
    funnel,
    segment_members,
    published_version,
]


def build_definitions(home: Home) -> dg.Definitions:
    """Return the definitions for one home."""
    return dg.Definitions(
        assets=ASSETS,
        jobs=JOBS,
        schedules=[nightly(home.time_zone)],
        sensors=[new_landing_files],
        resources={"home": home},
        executor=dg.in_process_executor,
    )


defs = build_definitions(home_resource(Path(os.environ.get("TRELLIS_HOME", DEFAULT_HOME))))
