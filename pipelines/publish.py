"""The asset `published/version`: writes a version, lets the service draw its pages, moves the pointer.

It stands here, because it joins two rooms that never meet: assets (files) and service (pages).
"""

from datetime import UTC, datetime
from importlib.metadata import version as installed_version

import dagster as dg

from assets.home import Home
from assets.publication import Permission, RunFacts, publish
from assets.retention import prune_snapshots
from assets.tables import DAILY, as_of_of
from contracts.outputs import PUBLISHED_TABLES
from service.pages import draw_pages
from sql.queries import load_queries


class PublishConfig(dg.Config):
    """What this run may do: publish at all, publish an older as_of, publish lists that jumped in size."""

    publish: bool = True
    allow_older: bool = False
    allow_jump: bool = False


_REPORTS = [query.table.split(".") for query in load_queries().values() if query.layer == "report"]


@dg.asset(
    key=["published", "version"],
    deps=[["segment", "members"], ["segment", "sizes"], *(table.split(".") for table in PUBLISHED_TABLES), *_REPORTS],
    group_name="published",
    partitions_def=DAILY,
    kinds={"parquet"},
)
def published_version(context: dg.AssetExecutionContext, home: Home, config: PublishConfig) -> dg.MaterializeResult:
    """One immutable folder with lists, tables, pages and manifest; `published/current` names the newest."""
    as_of, settings = as_of_of(context), home.settings
    with home.warehouse() as warehouse:
        removed = prune_snapshots(warehouse, as_of, keep_daily=settings.keep_daily_snapshots)
        pruned = {"snapshots_removed": len(removed), "snapshot_rows_removed": sum(removed.values())}
        if not config.publish:
            return dg.MaterializeResult(metadata={"published": "no (not asked for)", **pruned})
        outcome = publish(
            warehouse,
            home.folder,
            as_of,
            settings=settings,
            permission=Permission(size_jump=config.allow_jump, older_as_of=config.allow_older),
            draw_pages=draw_pages,
            facts=RunFacts(context.run_id, installed_version("trellis-growth"), datetime.now(UTC)),
        )
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": outcome.rows,
            "version": outcome.version,
            **pruned,
            "overview": dg.MetadataValue.path(str(outcome.folder / "dashboards" / "overview.html")),
        }
    )
