"""Great Expectations suites made from the source contracts. The only importer of great_expectations.

One aggregate query counts in DuckDB what each expectation is about; a suite per contract judges its answer
(Great Expectations itself cannot speak to DuckDB 2). One Dagster check result per expectation.
"""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from assets.warehouse import Warehouse
from contracts.contract import SourceContract
from contracts.sources import SOURCES


def _counts(contract: SourceContract) -> dict[str, str]:
    """Return expectation name -> SQL aggregate that must be 0 over the accepted rows of the bronze table."""
    replaced = {"user_id", "product_id", "anonymous_id", "target_user_id"} if contract.name == "events" else set()
    counts = {
        f"{name}_not_null": f"count(*) filter (where {name} is null)"
        for name in contract.required
        if name not in replaced
    }
    for rule in contract.rules:
        if "$" not in rule.holds and not any(name in rule.holds for name in replaced):
            counts[rule.name] = f"count(*) filter (where not ({rule.holds}))"
    return counts


def contract_check_specs() -> list[dg.AssetCheckSpec]:
    """Return one check per contract and expectation; a failed one stops what lies downstream."""
    return [
        dg.AssetCheckSpec(name, asset=["bronze", contract.name], blocking=True)
        for contract in SOURCES.values()
        for name in _counts(contract)
    ]


def contract_checks(warehouse: Warehouse) -> Iterator[dg.AssetCheckResult]:
    """Judge every bronze table and yield one result per expectation, with the number of rows that break it."""
    import great_expectations as gx  # takes two seconds to import

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # pyright: ignore[reportAttributeAccessIssue]
    for contract in SOURCES.values():
        counts = _counts(contract)
        if warehouse.count(f"bronze.{contract.name}") == 0:
            # most shops lack most optional contracts, and a suite costs some hundredths of a second per expectation
            yield from (_result(contract, name, breaking=0) for name in counts)
            continue
        columns = ", ".join(f"{aggregate} as {name}" for name, aggregate in counts.items())
        frame = warehouse.frame(f"select {columns} from bronze.{contract.name}").fillna(0).astype("int64")
        yield from _judge(gx, context, contract, frame)


def _judge(gx, context, contract: SourceContract, frame: pd.DataFrame) -> Iterator[dg.AssetCheckResult]:  # noqa: ANN001
    """Let one expectation judge the counts, a row each: an expectation of its own for each takes four times the CPU."""
    counted = frame.T.rename_axis("check_name").set_axis(["rows_breaking_it"], axis=1).reset_index()
    suite = gx.ExpectationSuite(
        name=contract.name,
        expectations=[
            gx.expectations.ExpectColumnValuesToBeBetween(column="rows_breaking_it", min_value=0, max_value=0)
        ],
    )
    source = context.data_sources.add_pandas(contract.name)
    batch = source.add_dataframe_asset("counts").add_batch_definition_whole_dataframe("all")
    asked = {"result_format": "COMPLETE", "unexpected_index_column_names": ["check_name"]}
    (judged,) = batch.get_batch({"dataframe": counted}).validate(suite, result_format=asked).results
    unexpected = {row["check_name"] for row in judged.result.get("unexpected_index_list") or ()}
    for name, breaking in zip(counted["check_name"], counted["rows_breaking_it"], strict=True):
        yield _result(contract, name, breaking=int(breaking), passed=bool(judged.success) or name not in unexpected)


def _result(contract: SourceContract, name: str, *, breaking: int, passed: bool = True) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name,
        asset_key=["bronze", contract.name],
        passed=passed,
        metadata={"rows_breaking_it": breaking},
    )
