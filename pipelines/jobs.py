"""Jobs, schedule and sensor: `load` (landing to core), `daily` (all), `snapshots` (features to publication), `backtest`."""

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from assets.home import Home

_DATED = dg.AssetSelection.groups("feature", "label", "score", "segment", "report", "published")

BACKTEST_ASSETS = dg.AssetSelection.groups("backtest")

LOAD = dg.define_asset_job(
    "load",
    selection=dg.AssetSelection.groups("bronze", "core"),
    executor_def=dg.in_process_executor,
    description="Take in new landing files and rebuild core; needs no as_of.",
)
DAILY_JOB = dg.define_asset_job(
    "daily",
    selection=dg.AssetSelection.all() - BACKTEST_ASSETS,
    executor_def=dg.in_process_executor,
    description="Everything, from landing files to the published version of one as_of.",
)
SNAPSHOTS = dg.define_asset_job(
    "snapshots",
    selection=_DATED,
    executor_def=dg.in_process_executor,
    description="Features to publication of one as_of on the core tables as they are: what a backfill runs.",
)
BACKTEST = dg.define_asset_job(
    "backtest",
    selection=BACKTEST_ASSETS,
    executor_def=dg.in_process_executor,
    description="Judge past origins again, as if a run had been made then; needs loaded core tables, takes minutes.",
)
JOBS = [LOAD, DAILY_JOB, SNAPSHOTS, BACKTEST]


def nightly(time_zone: str) -> dg.ScheduleDefinition:
    """Return the schedule that runs everything at 03:30 of the shop's clock, as of that day: all that happened before it."""

    @dg.schedule(job=DAILY_JOB, cron_schedule="30 3 * * *", execution_timezone=time_zone, name="every_night")
    def every_night(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        as_of = context.scheduled_execution_time.astimezone(ZoneInfo(time_zone)).date().isoformat()
        return dg.RunRequest(partition_key=as_of, run_key=as_of)

    return every_night


@dg.sensor(job=DAILY_JOB, minimum_interval_seconds=60)
def new_landing_files(context: dg.SensorEvaluationContext, home: Home) -> dg.SensorResult | dg.SkipReason:
    """Ask for a daily run when a landing file is new or has changed; the cursor holds names, sizes and times."""
    shop = home.shop()
    if not shop.sources.is_dir():
        return dg.SkipReason(f"{shop.sources} does not exist yet; put the exported files there")
    state = {
        path.relative_to(shop.sources).as_posix(): [path.stat().st_size, path.stat().st_mtime_ns]
        for path in sorted(shop.sources.rglob("*"))
        if path.is_file()
    }
    cursor = json.dumps(state)
    if cursor == context.cursor or not state:
        return dg.SkipReason("no new landing files")
    newest = max(stamp for _, stamp in state.values())
    tomorrow = (datetime.now(ZoneInfo(shop.time_zone)).date() + timedelta(days=1)).isoformat()
    as_of = min(tomorrow, _day_after_newest(home) or tomorrow)
    return dg.SensorResult(
        run_requests=[dg.RunRequest(partition_key=as_of, run_key=f"{as_of}-{newest}")], cursor=cursor
    )


def _day_after_newest(home: Home) -> str | None:
    with home.warehouse() as warehouse:
        day = warehouse.newest_business_date()
    return (day + timedelta(days=1)).isoformat() if day else None
