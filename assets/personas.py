"""The asset `score/user_persona`: RFM personas of everybody who has ordered."""

import dagster as dg

from assets.home import Home
from assets.metadata import table_metadata
from assets.tables import DAILY, as_of_of
from contracts.outputs import TABLES
from models.rfm import rfm_personas

_TABLE = TABLES["score.user_persona"]


@dg.asset(
    key=["score", "user_persona"],
    deps=[["feature", "user_features"]],
    group_name="score",
    partitions_def=DAILY,
    description=_TABLE.description,
    kinds={"python"},
)
def user_persona(context: dg.AssetExecutionContext, home: Home) -> dg.MaterializeResult:
    """Score recency, frequency and spend, and name the persona."""
    as_of = as_of_of(context)
    with home.warehouse() as warehouse:
        features = warehouse.frame(
            "select user_id, recency_days, orders_count, net_amount_365d from feature.user_features "
            "where as_of = $as_of and has_ordered order by user_id",
            {"as_of": as_of},
        )
        personas = rfm_personas(features).assign(as_of=as_of)
        result = warehouse.write_frame(_TABLE, personas, as_of=as_of)
        metadata = table_metadata(warehouse, _TABLE.name, _TABLE.columns, rows=result.rows)
    largest = personas["persona"].value_counts(normalize=True).head(1).round(3).to_dict()
    return dg.MaterializeResult(metadata={**metadata, "largest": str(largest)})
