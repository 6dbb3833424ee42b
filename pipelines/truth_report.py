"""`trellis recover`: how much of a simulated shop's truth the published version of a home has found.

Belongs here: reading both sides and printing. Does not belong here: the comparisons (recovery.py), the truth (world/).
"""

import math
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from assets.warehouse import Warehouse, open_warehouse
from contracts.funnels import DEFAULT_FUNNELS, Funnel
from pipelines.recovery import (
    CEILINGS,
    Recovered,
    limits_of,
    recovered_learnt,
    recovered_ledger,
    recovered_scores,
)
from pipelines.truth_counts import (
    NOT_COMPUTED,
    entry_days,
    recovered_arrivals,
    recovered_funnel,
    recovered_groups,
    recovered_retention,
)
from pipelines.world.behaviour import live_block
from pipelines.world.learnable import learnable_probabilities
from pipelines.world.model import WorldModel, build_model
from pipelines.world.parameters import BLOCK_USERS
from pipelines.world_counts import Activity, daily_retention, funnel_users, read_activity, read_arrivals

DONE, FAILED = 0, 1
RETENTION_DAYS = 30
COUNTED_FUNNEL = DEFAULT_FUNNELS[0]
GROUPS = {
    "score.user_persona": 'select user_id, persona as "group" from score.user_persona '
    "where as_of = (select max(as_of) from score.user_persona)",
    "score.user_cluster": 'select user_id, cluster_id as "group" from score.user_cluster '
    "where as_of = (select max(as_of) from score.user_cluster)",
}
SPREAD_AT_LEAST = 0.3
"""Share of the spread of true order rates that must lie between groups, of what clusters of the true rates allow."""
JUDGED_USERS = 800
"""Users of the first block for whom the judge who learns the rates is computed."""


def recover(world_folder: Path, home: Path) -> int:
    """Print every comparison of a home with the truth of its world, and return 0 when all hold.

    Raises:
        FileNotFoundError: no truth there, nothing published, or no score at a date and horizon whose truth is known.
    """
    results = [*_ledger(world_folder, home), *_predictions(world_folder, home), *_counts(world_folder, home)]
    for result in results:
        print(result)
    print(f"not computed by Trellis, so not compared: {NOT_COMPUTED}")
    return DONE if all(result.holds for result in results) else FAILED


def _truth(world_folder: Path, name: str) -> pd.DataFrame:
    folder = world_folder / "truth"
    files = [
        path for path in (folder / f"{name}.parquet", *sorted(folder.glob(f"{name}-[0-9]*.parquet"))) if path.is_file()
    ]
    if not files:
        message = f"{folder}: holds no {name}.parquet; give --world the folder that `trellis generate --out` wrote"
        raise FileNotFoundError(message)
    return pd.concat([pq.read_table(path).to_pandas() for path in files], ignore_index=True)


def _ledger(world_folder: Path, home: Path) -> list[Recovered]:
    listed = _truth(world_folder, "dirty_rows")
    with open_warehouse(home) as warehouse:
        quarantine = warehouse.frame("select file_name, record_number, reason from bronze.quarantine")
        copies = warehouse.frame(
            "select contract, sum(rows_duplicate) as copies from bronze.row_ledger group by contract"
        ).set_index("contract")["copies"]
    return recovered_ledger(listed, quarantine, copies[copies > 0])


def _counts(world_folder: Path, home: Path) -> list[Recovered]:
    """Compare what reports count with the files; what the home has not built yet is left out."""
    listed = _truth(world_folder, "dirty_rows")
    dirty = set(zip(listed["file"].astype(str), listed["record_number"].astype(int), strict=True))
    activity, users = read_activity(world_folder, dirty), _truth(world_folder, "users")
    channels = _truth(world_folder, "channels").set_index("acquisition_channel")["registrations"]
    results = []
    with open_warehouse(home) as warehouse:
        touches = warehouse.frame(
            "select users.user_id, touch.channel from core.touch as touch inner join core.users as users "
            "on touch.user_key = users.user_key and touch.touched_at = users.registered_at"
        )
        results += recovered_arrivals(touches, read_arrivals(world_folder, dirty), channels)
        if warehouse.exists("report.retention"):
            cells = warehouse.frame(
                "select cohort_date, period_offset, on_users_count from report.retention "
                "where activity_basis = 'activity' and period_type = 'day' and dimension = 'all'"
            )
            results.append(recovered_retention(cells, daily_retention(activity, days=RETENTION_DAYS)))
        if warehouse.exists("report.funnel"):
            results += _funnel(warehouse, activity, COUNTED_FUNNEL)
        for table, select in GROUPS.items():
            groups = warehouse.frame(select)
            if len(groups):
                results += recovered_groups(table, users, groups, share_at_least=SPREAD_AT_LEAST)
    return results


def _funnel(warehouse: Warehouse, activity: Activity, funnel: Funnel) -> list[Recovered]:
    found = warehouse.frame(
        "select as_of, step_number, users_count from report.funnel where funnel = $name and dimension = 'all' "
        "and as_of = (select max(as_of) from report.funnel)",
        {"name": funnel.name},
    )
    if found.empty:
        return []
    as_of: date = pd.to_datetime(found["as_of"]).max().date()
    counted = funnel_users(
        activity,
        [step.event_types[0] for step in funnel.steps],
        window=timedelta(days=funnel.window_days),
        entries=entry_days(as_of, window_days=math.ceil(funnel.window_days), entry_days=funnel.entry_days),
        known_until=as_of,
    )
    return recovered_funnel(funnel.name, found, counted)


def _predictions(world_folder: Path, home: Path) -> list[Recovered]:
    published = home / "published"
    pointer = published / "current"
    if not pointer.is_file():
        message = f"{pointer}: nothing is published there; run `trellis run` on the sources of {world_folder} first"
        raise FileNotFoundError(message)
    version = published / pointer.read_text(encoding="utf-8").strip()
    scores = pd.read_parquet(version / "tables" / "score.user_propensity.parquet")
    truth = _truth(world_folder, "probabilities")
    for frame in (scores, truth):
        frame["as_of"] = pd.to_datetime(frame["as_of"])
    known = scores[scores["outcome"].isin(CEILINGS)].merge(
        truth[["as_of", "horizon_days"]].drop_duplicates(), on=["as_of", "horizon_days"]
    )
    if known.empty:
        dates = ", ".join(sorted({f"{day:%Y-%m-%d}" for day in truth["as_of"]}))
        days = ", ".join(str(horizon) for horizon in sorted(truth["horizon_days"].unique()))
        message = f"{version}: no score at a date and horizon whose truth is known; run with --as-of {dates} --horizons {days}"
        raise FileNotFoundError(message)
    arguments = _truth(world_folder, "world").iloc[0]
    world = build_model(
        users=int(arguments["users"]),
        days=int(arguments["days"]),
        seed=int(arguments["seed"]),
        start=arguments["start"],
    )
    results = []
    for outcome, as_of, horizon in (
        known[["outcome", "as_of", "horizon_days"]].drop_duplicates().itertuples(index=False)
    ):
        asked = (known["outcome"] == outcome) & (known["as_of"] == as_of) & (known["horizon_days"] == horizon)
        rows = known[asked]
        now = truth[(truth["as_of"] == as_of) & (truth["horizon_days"] == horizon)]
        limits = limits_of(
            world.calendar.festival, day=(as_of.date() - world.start).days, horizon_days=int(horizon), users=len(rows)
        )
        found = recovered_scores(now, rows[["user_id", "probability"]], outcome=outcome, limits=limits)
        found += _learnt(world, now, rows, outcome=outcome, horizon=int(horizon))
        results += [Recovered(f"{horizon} d: {one.name}", one.found, one.wanted, one.holds) for one in found]
    return results


def _learnt(
    world: WorldModel, truth: pd.DataFrame, scores: pd.DataFrame, *, outcome: str, horizon: int
) -> list[Recovered]:
    both = scores[["user_id", "probability"]].merge(truth, on="user_id")
    numbers = both["user_id"].str[1:].astype("int64")
    # user ids follow the order of blocks; the first block's users are as good a sample as any
    judged = both[numbers < BLOCK_USERS].sort_values("user_id").head(JUDGED_USERS)
    as_of: date = judged["as_of"].iloc[0].date()
    judge = learnable_probabilities(
        world,
        live_block(world, 0),
        judged["user_id"].str[1:].astype("int64").to_numpy(),
        day=(as_of - world.start).days,
        horizons=(horizon,),
    )
    learnt: np.ndarray = {"purchase": judge.purchase, "churn": judge.inactivity}[outcome][horizon]
    score, known = (judged[name].to_numpy() for name in ("probability", CEILINGS[outcome]))
    return recovered_learnt(score, learnt=learnt, known=known, outcome=outcome)
