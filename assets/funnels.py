"""The asset `report/funnel`: how far users got through the declared funnels, by group, as of a day."""

import dagster as dg

from assets.analytics.declared_funnels import declared_funnels
from assets.analytics.shop import Shop
from assets.home import Home
from assets.metadata import table_metadata
from assets.tables import DAILY, as_of_of
from contracts.outputs import TABLES

_TABLE = TABLES["report.funnel"]
_READ = (
    "core.events",
    "core.orders",
    "core.order_items",
    "core.users",
    "core.products",
    "core.user_group",
    "score.user_persona",
)


@dg.asset(
    key=["report", "funnel"],
    deps=[table.split(".") for table in _READ],
    group_name="report",
    partitions_def=DAILY,
    description=_TABLE.description,
    kinds={"python"},
)
def funnel(context: dg.AssetExecutionContext, home: Home) -> dg.MaterializeResult:
    """Count the declared funnels on the entries of a few weeks: the cost of a day does not grow with history."""
    as_of = as_of_of(context)
    with home.warehouse() as warehouse:
        shop, below = Shop(warehouse, home.settings.funnels), home.settings.small_cell_below
        rows = declared_funnels(shop, as_of, people_at_least=below)
        result = warehouse.write_frame(_TABLE, rows, as_of=as_of)
        metadata = table_metadata(warehouse, _TABLE.name, _TABLE.columns, rows=result.rows)
    whole = rows[(rows["dimension"] == "all") & (rows["step_number"] == 1)]
    entries = dict(zip(whole["funnel"], whole["users_count"], strict=True))
    return dg.MaterializeResult(metadata={**metadata, "users_with_an_entry": str(entries)})
