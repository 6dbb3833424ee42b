"""The assets `score/user_cluster` and `score/cluster_model`: behavioural clusters that go on from the last as_of's."""

import json
from collections.abc import Iterator

import dagster as dg
import pandas as pd

from assets.home import Home
from assets.metadata import table_metadata
from assets.tables import DAILY, as_of_of
from contracts.outputs import TABLES
from models.clusters import ClusterState, assign_clusters

_USERS, _MODEL = TABLES["score.user_cluster"], TABLES["score.cluster_model"]


@dg.multi_asset(
    name="user_cluster",
    specs=[
        dg.AssetSpec(
            table.name.split("."),
            deps=[["feature", "user_features"]],
            group_name="score",
            description=table.description,
            partitions_def=DAILY,
            kinds={"python"},
        )
        for table in (_USERS, _MODEL)
    ],
)
def user_cluster(context: dg.AssetExecutionContext, home: Home) -> Iterator[dg.MaterializeResult]:
    """Assign everybody who has ordered; the newest earlier clustering is the start."""
    as_of = as_of_of(context)
    with home.warehouse() as warehouse:
        features = warehouse.frame(
            "select user_id, recency_days, orders_count, net_amount_365d from feature.user_features "
            "where as_of = $as_of and has_ordered order by user_id",
            {"as_of": as_of},
        )
        stored = warehouse.value(
            "select card from score.cluster_model where as_of < $as_of order by as_of desc limit 1", {"as_of": as_of}
        )
        previous = ClusterState.from_dict(json.loads(str(stored))) if stored else None
        assignment = assign_clusters(features, previous)
        state = assignment.state
        model = pd.DataFrame({"as_of": [as_of], "cluster_version": state.version, "card": json.dumps(state.to_dict())})
        for table, frame in ((_USERS, assignment.frame.assign(as_of=as_of)), (_MODEL, model)):
            result = warehouse.write_frame(table, frame, as_of=as_of)
            metadata = table_metadata(warehouse, table.name, table.columns, rows=result.rows)
            facts = {"clusters": len(state.centroids), "stability": round(state.stability, 3), "version": state.version}
            yield dg.MaterializeResult(asset_key=table.name.split("."), metadata={**metadata, **facts})
