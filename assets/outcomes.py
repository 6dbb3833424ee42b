"""The assets of what else is foreseen: next order, next products, best time of contact, and how each was tested."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from assets.contact_times import contact_times
from assets.home import Home
from assets.metadata import table_metadata
from assets.next_orders import next_orders
from assets.next_products import next_products
from assets.outcome_tests import Outcome, known_history, untested
from assets.tables import DAILY, as_of_of, primary_horizon
from contracts.outputs import TABLES

_NAMES = ("next_order", "next_product", "contact_time")
_TABLES = {name: TABLES[f"score.{name}"] for name in (*_NAMES, "outcome_test")}


@dg.multi_asset(
    name="outcomes",
    specs=[
        dg.AssetSpec(
            table.name.split("."),
            group_name="score",
            description=table.description,
            partitions_def=DAILY,
            kinds={"python", "scikitlearn"},
            deps=[
                *(["core", name] for name in ("events", "orders", "order_items", "users", "horizons")),
                ["feature", "user_features"],
                ["score", "user_persona"],
            ],
        )
        for table in _TABLES.values()
    ],
)
def outcomes(context: dg.AssetExecutionContext, home: Home) -> Iterator[dg.MaterializeResult]:
    """Foresee dates, products and hours at as_of, and write how each did on an earlier origin or why that is not known."""
    as_of = as_of_of(context)
    with home.warehouse() as warehouse:
        horizon = primary_horizon(warehouse)
        known = known_history(warehouse, as_of)
        if known is None:
            reason = f"no order of a known user before {as_of}"
            found = {name: Outcome(pd.DataFrame(), untested(name, horizon, reason)) for name in _NAMES}
        else:
            found = {
                "next_order": next_orders(warehouse, as_of, known),
                "next_product": next_products(warehouse, known, home.settings, horizon_days=horizon),
                "contact_time": contact_times(warehouse, as_of, known),
            }
        tests = pd.DataFrame([row for name in _NAMES for row in found[name].tests])
        frames = {**{name: found[name].frame for name in _NAMES}, "outcome_test": tests}
        for name, frame in frames.items():
            table = _TABLES[name]
            columns = pd.Index(table.columns)
            rows = frame.assign(as_of=as_of)[list(columns)] if len(frame) else pd.DataFrame(columns=columns)
            result = warehouse.write_frame(table, rows, as_of=as_of)
            metadata = table_metadata(warehouse, table.name, table.columns, rows=result.rows)
            yield dg.MaterializeResult(asset_key=table.name.split("."), metadata=metadata)
