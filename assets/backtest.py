"""Rolling-origin backtests: at each past origin what a run would have predicted then, measured on what followed.

Belongs here: which origins, their samples, and the tables `score.backtest` and `score.backtest_curve`. Does not belong here: the
protocol of one origin (`models/judging.py`) and what is measured (`models/backtest.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import dagster as dg
import pandas as pd

from assets.home import Home
from assets.metadata import table_metadata
from assets.origins import training_samples
from assets.sequences import is_missing, is_wanted
from assets.training import LABELS, at_origins, feature_columns, population, propensity_task
from assets.warehouse import Warehouse
from contracts.outputs import TABLES
from contracts.settings import Settings
from models.backtest import (
    CURVE_COLUMNS,
    MEASURE_COLUMNS,
    JudgedOrigin,
    judge_origin,
    mean_of_values,
    mean_over_origins,
    value_rows,
)
from models.horizons import origins
from models.judging import checked_samples, judge_propensity
from models.label_audit import require_closed_windows
from models.season import season_origins
from models.sequence_fitting import LEFT_OUT
from models.sequence_trial import NOT_ASKED
from models.value import train_value

_MEASURES, _CURVES = TABLES["score.backtest"], TABLES["score.backtest_curve"]
ORIGINS_BY_DEFAULT = 4
EVERY_DAYS = 28


class BacktestError(ValueError):
    """The data do not hold what the asked-for backtest needs; the message says which origins and why."""


@dataclass(frozen=True)
class BacktestPlan:
    """Which test origins, and for how many days ahead; None = chosen from the data.

    Origins are first, first + every, ... up to and including until; by default the last four that leave a closed window.
    """

    first: date | None = None
    until: date | None = None
    every_days: int = EVERY_DAYS
    horizons_days: tuple[int, ...] = ()


@dataclass(frozen=True)
class BacktestTables:
    """Measures and curves of all origins and their means; origin by origin, why a rule stood in for a model, and what came of
    the trial of the sequence model.
    """

    measures: pd.DataFrame
    curves: pd.DataFrame
    thin: tuple[str, ...]
    sequences: tuple[str, ...] = ()


def test_origins(warehouse: Warehouse, plan: BacktestPlan, horizon_days: int) -> dict[date, list[date]]:
    """Return each test origin of the plan with its training origins (the same a run at its window's end would take).

    Raises:
        BacktestError: no order yet, an origin's window is still open, or an origin has no earlier origin to train on.
    """
    oldest, newest = warehouse.oldest_order_date(), warehouse.newest_business_date()
    if oldest is None or newest is None:
        raise BacktestError("there is no order in this home, so nothing can be backtested; run `trellis run` first")
    horizon = timedelta(days=horizon_days)
    latest = newest + timedelta(days=1) - horizon
    until = plan.until or latest
    if until > latest:
        raise BacktestError(
            f"origin {until}: its window of {horizon_days} days is still open, as the data end on {newest}; the latest origin "
            f"with a closed window is {latest}"
        )
    step = timedelta(days=plan.every_days)
    first = plan.first or until - (ORIGINS_BY_DEFAULT - 1) * step
    if first > until:
        raise BacktestError(f"the first origin {first} lies after the last, {until}")
    asked = [first + number * step for number in range((until - first) // step + 1)]
    found = {origin: origins(oldest, origin + horizon, horizon_days)[1] for origin in asked}
    if plan.first is None:  # origins chosen from the data: those that have something to train on
        found = {origin: earlier for origin, earlier in found.items() if earlier}
    bare = [origin for origin, earlier in found.items() if not earlier]
    if bare or not found:
        named = ", ".join(str(origin) for origin in bare) or f"up to {until}"
        raise BacktestError(
            f"no earlier origin to train on for {named}: the first order is of {oldest}, and a training origin needs "
            f"{horizon_days} days of history before it and a closed window after it; begin later or shorten --horizons"
        )
    return found


def backtest(
    warehouse: Warehouse, plan: BacktestPlan, *, churn_window_days: int, settings: Settings
) -> Iterator[BacktestTables]:
    """Yield the tables of each horizon of the plan; stored snapshots and models are neither read nor changed."""
    channels = warehouse.frame(
        "select user_id, acquisition_channel from core.users where acquisition_channel is not null"
    )
    channel_of = dict(zip(channels["user_id"], channels["acquisition_channel"], strict=True))
    first = warehouse.oldest_order_date() or date.max  # test_origins says so when there is no order
    for horizon in plan.horizons_days:
        wanted = test_origins(warehouse, plan, horizon)
        years_before = {origin: season_origins(first, origin, horizon_days=horizon) for origin in wanted}
        listed = (*wanted, *(day for found in (wanted, years_before) for days in found.values() for day in days))
        everything = sorted(set(listed))
        samples = training_samples(
            warehouse,
            everything,
            horizon,
            users_at_most=settings.training_users_at_most,
            days="recent" if is_wanted(settings) else "none",
        )
        samples["as_of"] = pd.to_datetime(samples["as_of"])
        columns = feature_columns(samples)
        samples[list(columns)] = samples[list(columns)].astype("float32")
        yield _backtest_horizon(samples, wanted, years_before, (horizon, churn_window_days), channel_of)


def _backtest_horizon(
    samples: pd.DataFrame,
    wanted: dict[date, list[date]],
    years_before: dict[date, list[date]],
    days: tuple[int, int],
    channels: dict[str, str],
) -> BacktestTables:
    horizon, window = days
    columns = feature_columns(samples)
    buyers = population(samples, "purchase", window)
    measures, curves, thin, sequences = [], [], [], []
    for outcome in LABELS:
        task = propensity_task(outcome, horizon, window, columns)
        eligible = population(samples, outcome, window)
        customers = sorted(eligible["user_id"].unique())
        judged: list[JudgedOrigin] = []
        for origin, earlier in wanted.items():
            rows = at_origins(eligible, [*earlier, origin])
            if not (rows["as_of"] == pd.Timestamp(origin)).any():
                thin.append(f"{outcome} {horizon} d, {origin}: nobody the outcome is about")
                continue
            rows = checked_samples(rows, task, test_as_of=origin)
            require_closed_windows(rows, horizon_days=horizon, known_until=origin + timedelta(days=horizon))
            season = _labelled(eligible, years_before[origin], task.label)
            one = judge_propensity(rows, task, test_as_of=origin, rule_customers=samples, season=season)
            if one.sequence is not NOT_ASKED:
                sequences.append(f"{outcome} {horizon} d, {origin}: sequence model {one.sequence.trial.reason}")
            found = judge_origin(one, customers=customers, channels=channels)
            judged.append(found)
            if found.too_thin:
                thin.append(f"{outcome} {horizon} d, {origin}: a rule stood in, {found.too_thin}")
        measures += [found.measures for found in judged]
        curves += [found.curves for found in judged]
        if judged:
            measures.append(mean_over_origins(judged))
    customers = sorted(buyers["user_id"].unique())
    values = [
        train_value(
            at_origins(buyers, [*earlier, origin]),
            horizon_days=horizon,
            feature_columns=columns,
            test_as_of=origin,
            customers=customers,
        )
        for origin, earlier in wanted.items()
    ]
    rows = [value_rows(trained.metrics, horizon_days=horizon) for trained in values]
    return BacktestTables(
        _joined([*measures, *rows, mean_of_values(values, horizon_days=horizon)], MEASURE_COLUMNS),
        _joined(curves, CURVE_COLUMNS),
        tuple(thin),
        tuple(sequences),
    )


def _labelled(eligible: pd.DataFrame, years_before: list[date], label: str) -> pd.DataFrame | None:
    """The rows of one year earlier with a 0/1 label, or None where the history is too short."""
    if not years_before:
        return None
    rows = at_origins(eligible, years_before)
    return rows.assign(**{label: rows[label].astype("int64")})


def _joined(frames: list[pd.DataFrame], columns: tuple[str, ...]) -> pd.DataFrame:
    filled = [frame.astype({"users_count": "int64"}) for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=pd.Index(columns))


class BacktestConfig(dg.Config):
    """First and last test origin as ISO dates (empty: the last four that can be judged), step, horizons (empty: the home's)."""

    first: str = ""
    until: str = ""
    every_days: int = EVERY_DAYS
    horizons_days: list[int] = []  # noqa: RUF012 Dagster reads the default from the class

    def plan(self, horizons_days: tuple[int, ...]) -> BacktestPlan:
        """Return the plan, with the home's horizons where none are given."""
        first, until = (date.fromisoformat(text) if text else None for text in (self.first, self.until))
        return BacktestPlan(first, until, self.every_days, tuple(self.horizons_days) or horizons_days)


@dg.multi_asset(
    name="backtest_tables",
    specs=[
        dg.AssetSpec(
            table.name.split("."),
            group_name="backtest",
            description=table.description,
            kinds={"python", "scikitlearn"},
            deps=[["core", "horizons"], ["core", "order_items"], ["core", "user_day"], ["core", "users"]],
        )
        for table in (_MEASURES, _CURVES)
    ],
)
def backtest_tables(
    context: dg.AssetExecutionContext, home: Home, config: BacktestConfig
) -> Iterator[dg.MaterializeResult]:
    """Judge rolling origins and replace the stored backtest; the next published version shows it."""
    with home.warehouse() as warehouse:
        settled = warehouse.frame("select horizon_days, churn_window_days from core.horizons order by horizon_days")
        if settled.empty:
            raise BacktestError("this home has no horizons yet; run `trellis run` first")
        plan = config.plan(tuple(int(days) for days in settled["horizon_days"]))
        window = int(settled["churn_window_days"].iloc[0])
        found = list(backtest(warehouse, plan, churn_window_days=window, settings=home.settings))
        for note in (note for tables in found for note in tables.thin):
            context.log.warning(note)
        for note in (note for tables in found for note in tables.sequences):
            context.log.info(note)
        if is_missing(home.settings):
            context.log.warning(LEFT_OUT)
        for table, frames in (
            (_MEASURES, [tables.measures for tables in found]),
            (_CURVES, [tables.curves for tables in found]),
        ):
            frame = pd.concat(frames, ignore_index=True)[list(table.columns)]
            result = warehouse.write_frame(table, frame)
            yield dg.MaterializeResult(
                asset_key=table.name.split("."),
                metadata=table_metadata(warehouse, table.name, table.columns, rows=result.rows),
            )
