"""Which rows of published break-downs are about too few people to leave, and which others would give those away.

Belongs here: the rule for tables. What pages mark or hide inside a table that is shown belongs to `service/small_cells.py`;
how small groups are joined before a table is made to the table's own file.
"""

from dataclasses import dataclass

import pandas as pd

from assets.warehouse import Parameters, Warehouse


@dataclass(frozen=True)
class Breakdown:
    """A table that breaks people down by an attribute.

    `people` counts who a row is about; `whole` are the columns whose rows sum to a total that readers know, so that a
    single missing part could be found by subtraction; without `whole` the parts sum to nothing published.
    """

    people: str
    part: str
    whole: tuple[str, ...] = ()
    has_dimension: bool = False


@dataclass(frozen=True)
class Derived:
    """A table made from another one: its rows leave only if those they are made from do. `on`: own column, its column."""

    source: str
    on: tuple[tuple[str, str], ...]


_COHORT = ("activity_basis", "period_type", "dimension", "cohort_date", "period_offset")
BREAKDOWNS = {
    "report.retention": Breakdown("cohort_users_count", "dimension_value", _COHORT, has_dimension=True),
    "report.cohort_value": Breakdown(
        "cohort_users_count", "dimension_value", ("dimension", "cohort_date", "days_since_first"), has_dimension=True
    ),
    "report.channel_attribution": Breakdown("buyers_count", "channel", ("as_of", "attribution_rule")),
    "report.persona_summary": Breakdown("users_count", "persona", ("as_of",)),
    "report.cluster_summary": Breakdown("users_count", "cluster_id", ("as_of",)),
    "report.product_pair": Breakdown("people_count", "product_id"),
    "score.backtest": Breakdown(
        "users_count",
        "dimension_value",
        ("outcome", "horizon_days", "origin", "predictor", "dimension", "measure"),
        has_dimension=True,
    ),
}
"""Tables by attribute whose rows are judged one whole at a time. Rows of the dimension `all` are of everybody and stay."""

DERIVED = {
    # the curve of a group less the cohorts that are shown would be the one that is not
    "report.retention_curve": Derived(
        "report.retention",
        tuple((name, name) for name in ("activity_basis", "period_type", "dimension", "dimension_value")),
    ),
    "report.acquisition_cost": Derived(
        "report.cohort_value", (("channel", "dimension_value"), ("cohort_date", "cohort_date"))
    ),
    "report.channel_return": Derived(
        "report.channel_attribution", tuple((name, name) for name in ("as_of", "attribution_rule", "channel"))
    ),
}
"""Tables by attribute that repeat or sum the rows of another one."""

HOURS = "report.active_hours"
"""Hours by persona have two totals, those of the hour and those of the persona: judged cell by cell."""

BLANKED = {"report.funnel": ("users_count", ("convert_p25_s", "convert_median_s", "convert_p75_s"))}
"""Columns that describe the people of another column: empty where these are too few. Its small groups are one, `(other)`."""


def withheld_sql(warehouse: Warehouse, table: str, parameters: Parameters, *, below: int) -> str | None:
    """Return the SQL condition, maybe with parameter `$below`, of rows of `table as published` that must not leave.

    None where every row may: reports of everybody, scores and lists of single users.
    """
    if table in BREAKDOWNS:
        return _breakdown_sql(BREAKDOWNS[table])
    if table in DERIVED:
        derived = DERIVED[table]
        same = " and ".join(f"published.{own} = judged.{other}" for own, other in derived.on)
        source = _breakdown_sql(BREAKDOWNS[derived.source])
        judged = f"select *, {source} as is_withheld from {derived.source}"
        return f"exists (select 1 from ({judged}) as judged where judged.is_withheld and {same})"
    if table == HOURS:
        hours = warehouse.frame(f"select * from {table} where as_of = $as_of", parameters)
        warehouse.connection.register("withheld_hours", withheld_hours(hours, below=below))
        cell = "dimension, dimension_value, weekday_number, hour_of_day"
        return f"({cell}) in (select {cell} from withheld_hours)"
    return None


def columns_sql(table: str) -> str:
    """Return the columns of a published table, with those of too few people empty (parameter `$below`)."""
    if table not in BLANKED:
        return "*"
    people, columns = BLANKED[table]
    return f"* replace ({', '.join(f'case when {people} >= $below then {name} end as {name}' for name in columns)})"


def _breakdown_sql(table: Breakdown) -> str:
    """Return the condition: too few people, or among the smallest others that hide with them.

    With one part hidden, its whole less the shown parts is that part. So the smallest others are hidden too, until two are
    and they are enough people together.
    """
    small = f"{table.people} < $below"
    if table.whole:
        parts = f"partition by {', '.join(table.whole)}"
        ranked = f"{parts} order by {table.people}, {table.part}"
        before = f"coalesce(sum({table.people}) over ({ranked} rows between unbounded preceding and 1 preceding), 0)"
        joins = f"{before} < $below or row_number() over ({ranked}) <= 2"
        small = f"({small} or (min({table.people}) over ({parts}) < $below and ({joins})))"
    return f"(dimension <> 'all' and {small})" if table.has_dimension else small


def withheld_hours(hours: pd.DataFrame, *, below: int) -> pd.DataFrame:
    """Return the rows of `report.active_hours` by persona that must not leave.

    Too few people, or the smallest cell beside a single hidden one of its hour or persona: both totals are known, that of an
    hour from the rows of everybody, that of a persona from its shares. Cells that the table leaves out count as hidden.
    """
    clock = ["weekday_number", "hour_of_day"]
    cells = hours[hours["dimension"] == "persona"].reset_index(drop=True)
    hidden = cells["users_count"] < below
    everybody = hours.loc[hours["dimension"] == "all", [*clock, "events_count"]]
    wholes = {
        "hour": cells[clock].merge(everybody, on=clock, how="left", validate="m:1")["events_count"],
        "persona": (cells["events_count"] / cells["events_share"]).groupby(cells["dimension_value"]).transform("max"),
    }
    lines = {"hour": cells["weekday_number"] * 24 + cells["hour_of_day"], "persona": cells["dimension_value"]}
    kept = cells["events_count"].where(~hidden, 0)
    absent = {axis: wholes[axis] - kept.groupby(line).transform("sum") > 0.5 for axis, line in lines.items()}
    beside = pd.Series(data=False, index=cells.index)
    while True:
        before = int(beside.sum())
        for axis, line in lines.items():
            alone = beside.groupby(line).transform("sum") + absent[axis] == 1
            candidates = cells[alone & ~hidden & ~beside].sort_values(["users_count", *clock, "dimension_value"])
            smallest = ~line[candidates.index].duplicated()
            beside[candidates.index[smallest]] = True
        if int(beside.sum()) == before:
            return cells[hidden | beside]
