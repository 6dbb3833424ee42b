"""Dagster assets made from SQL files: one asset per file, its inputs parsed, its grain and asserts as blocking checks."""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from assets.home import Home
from assets.metadata import table_metadata
from assets.stale_dates import within
from assets.table_builds import BuildResult, Ranges
from assets.warehouse import Parameters, Warehouse
from contracts.settings import DEFAULT_TIME_ZONE, FIRST_PARTITION
from sql.queries import Query, load_queries

DAILY = dg.DailyPartitionsDefinition(start_date=FIRST_PARTITION.isoformat(), end_offset=3, timezone=DEFAULT_TIME_ZONE)
"""as_of as partition key: any business date since 1990. As_of is exclusive, so the newest is tomorrow of the shop.

Partitions are fixed when Dagster loads, for shops of every zone: a zone east of the default one is a day ahead at times,
so there is one date more than the default zone needs. Which of them is asked for follows the shop's own zone.
"""


class AsOfError(ValueError):
    """A date that no run can be made for."""


def partition_of(as_of: date) -> str:
    """Return the partition key of an as_of.

    Raises:
        AsOfError: the date lies before the first partition, or further ahead than tomorrow anywhere on Earth.
    """
    newest = DAILY.get_last_partition_key() or ""
    key = as_of.isoformat()
    if not FIRST_PARTITION.isoformat() <= key <= newest:
        message = (
            f"--as-of {key}: a run is made for a date from {FIRST_PARTITION} to {newest}. Dates of orders and events may be "
            "older; what lies after as_of is not looked at"
        )
        raise AsOfError(message)
    return key


def as_of_of(context: dg.AssetExecutionContext) -> date:
    """Return the as_of of the run from its partition key."""
    return date.fromisoformat(context.partition_key)


def check_queries(query: Query, ranges: Ranges | None = None) -> dict[str, str]:
    """Return check name -> SELECT that counts the rows breaking it: the grain, each assert.

    With the date ranges that were built, only their rows are looked at: the others were when they were built. A grain
    without the date must not stand on any other date either, as it would if a row had moved and its old date was forgotten.
    """
    where = "as_of = $as_of" if query.kind == "snapshot" else "true"
    if query.partition and ranges is not None:
        where = within(query.partition, ranges)
    checks = {}
    if query.grain != ("none",):
        grain = ", ".join(query.grain)
        repeated = f"select count(*) - 1 as extra from {query.table} where {where} group by {grain}"
        if query.partition and ranges is not None and query.partition not in query.grain:
            built = f"select {grain} from {query.table} where {where}"
            repeated += f" union all select 1 from {query.table} where not {where} and ({grain}) in ({built})"
        checks["grain_unique"] = f"select coalesce(sum(extra), 0) from ({repeated})"
    for number, condition in enumerate(query.asserts, start=1):
        checks[f"assert_{number}"] = f"select count(*) from {query.table} where {where} and not ({condition})"
    return checks


def run_checks(
    warehouse: Warehouse, query: Query, parameters: Parameters, result: BuildResult
) -> Iterator[dg.AssetCheckResult]:
    """Yield the result of each check, with the number of rows that break it."""
    used = {"as_of": parameters["as_of"]} if query.kind == "snapshot" else {}
    for name, statement in check_queries(query, result.ranges).items():
        broken = int(str(warehouse.value(statement, used)))
        yield dg.AssetCheckResult(check_name=name, passed=broken == 0, metadata={"rows_breaking_it": broken})
    if query.may_be_empty is None and query.inputs:
        filled = [table for table in query.inputs if warehouse.holds_rows(table)]
        is_empty = result.rows == 0 if result.rows is not None else not warehouse.holds_rows(query.table)
        yield dg.AssetCheckResult(
            check_name="not_empty",
            passed=not (is_empty and len(filled) == len(query.inputs)),
            metadata={"is_empty": is_empty, "inputs_with_rows": ", ".join(filled)},
            description=f"{query.table} is empty though {', '.join(query.inputs)} hold rows",
        )


def check_specs(query: Query) -> list[dg.AssetCheckSpec]:
    """Return the blocking checks of a table."""
    names = list(check_queries(query))
    if query.may_be_empty is None and query.inputs:
        names.append("not_empty")
    return [dg.AssetCheckSpec(name, asset=[query.layer, query.name], blocking=True) for name in names]


def table_asset(query: Query) -> dg.AssetsDefinition:
    """Return the asset that builds one SQL table."""
    is_dated = bool({"as_of", "horizon_days"} & query.parameters)

    @dg.asset(
        key=[query.layer, query.name],
        deps=[table.split(".") for table in query.inputs],
        group_name=query.layer,
        description=query.description,
        partitions_def=DAILY if is_dated else None,
        check_specs=check_specs(query),
        kinds={"duckdb", "sql"},
    )
    def build(context: dg.AssetExecutionContext, home: Home) -> dg.MaterializeResult:
        parameters: Parameters = {}
        with home.warehouse() as warehouse:
            if is_dated:
                parameters = {"as_of": as_of_of(context), "horizon_days": primary_horizon(warehouse)}
            if query.layer == "label":
                parameters["as_of"] = closed_origin(parameters)
            result = warehouse.build(query, parameters)
            columns = tuple(row[0] for row in warehouse.connection.execute(f"describe {query.table}").fetchall())
            is_counted = result.rows is not None
            metadata = table_metadata(warehouse, query.table, columns, rows=result.rows, is_counted=is_counted)
            checks = list(run_checks(warehouse, query, parameters, result))
            if not all(check.passed for check in checks):
                warehouse.distrust(query)
        return dg.MaterializeResult(metadata={**metadata, "replaced": result.replaced}, check_results=checks)

    return build


def closed_origin(parameters: Parameters) -> date:
    """Return the origin whose label window closes at as_of: stored labels are always of windows that are over."""
    as_of = parameters["as_of"]
    if not isinstance(as_of, date):
        message = f"as_of is {as_of!r}, not a date"
        raise TypeError(message)
    return date.fromordinal(as_of.toordinal() - int(str(parameters["horizon_days"])))


def primary_horizon(warehouse: Warehouse) -> int:
    """Return the first of the home's horizons, in days: the one lists and reports are made for.

    Raises:
        LookupError: no run has settled the horizons yet.
    """
    horizons = warehouse.recall("horizons_days")
    if horizons is None:
        message = "this home has no horizons yet; materialize score/horizons first (it stands upstream)"
        raise LookupError(message)
    return int(horizons.split(",")[0])


TABLE_ASSETS = [table_asset(query) for query in load_queries().values()]
