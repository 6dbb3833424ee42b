"""What every asset tells the Dagster UI of its table: rows, columns with type and meaning."""

from typing import Any

import dagster as dg

from assets.warehouse import Warehouse
from contracts.columns import COLUMNS


def table_metadata(
    warehouse: Warehouse, table: str, columns: tuple[str, ...], *, rows: int | None = None
) -> dict[str, Any]:
    """Return the row count and the column schema of a table, under the names the Dagster UI knows."""
    schema = dg.TableSchema(
        columns=[dg.TableColumn(name, COLUMNS[name].type, description=COLUMNS[name].description) for name in columns]
    )
    return {
        "dagster/row_count": warehouse.count(table) if rows is None else rows,
        "dagster/column_schema": schema,
        "dagster/table_name": table,
    }
