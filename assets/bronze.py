"""The asset group `bronze`: landing files become contract rows, with ledgers, quarantine and keys."""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from assets.expectations import contract_check_specs, contract_checks
from assets.home import Home
from assets.ingest import ingest
from assets.metadata import table_metadata
from assets.stored_layout import stored_columns
from contracts.outputs import TABLES
from contracts.sources import SOURCES

_LEDGERS = tuple(table for table in TABLES.values() if table.name.startswith("bronze."))
SPECS = [
    *(
        dg.AssetSpec(["bronze", contract.name], group_name="bronze", description=contract.description, kinds={"duckdb"})
        for contract in SOURCES.values()
    ),
    *(
        dg.AssetSpec(table.name.split("."), group_name="bronze", description=table.description, kinds={"duckdb"})
        for table in _LEDGERS
    ),
]


SOURCES_USABLE = dg.AssetCheckSpec(
    "every_source_usable",
    asset=["bronze", "file_ledger"],
    description="No source was stopped by a missing column or an unreadable file; the others are loaded all the same.",
)


@dg.multi_asset(
    name="bronze",
    specs=SPECS,
    check_specs=[*contract_check_specs(), SOURCES_USABLE],
)
def bronze(context: dg.AssetExecutionContext, home: Home) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Take in new landing files, then report every bronze table and judge every contract."""
    shop = home.shop()
    received_at = datetime.now(UTC).replace(tzinfo=None)
    home.let_go()
    summary = ingest(
        home.folder,
        shop.sources,
        shop.mappings,
        received_at=received_at,
        time_zone=shop.time_zone,
        base_currency=shop.currency,
        memory_limit=home.settings.memory_limit,
        tell=context.log.info,
    )
    for notice in summary.notices:
        context.log.warning(notice)
    with home.warehouse() as warehouse:
        for contract in SOURCES.values():
            metadata = table_metadata(warehouse, f"bronze.{contract.name}", stored_columns(contract))
            rows = summary.rows.get(contract.name, {})
            yield dg.MaterializeResult(asset_key=["bronze", contract.name], metadata={**metadata, **rows})
        for table in _LEDGERS:
            metadata = table_metadata(warehouse, table.name, table.columns)
            yield dg.MaterializeResult(asset_key=table.name.split("."), metadata=metadata)
        yield from contract_checks(warehouse)
    yield dg.AssetCheckResult(
        check_name=SOURCES_USABLE.name,
        asset_key=SOURCES_USABLE.asset_key,
        passed=not summary.stopped,
        metadata={"stopped": "\n".join(summary.stopped)},
    )
