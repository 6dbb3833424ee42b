"""What every asset tells the Dagster UI of its table: rows, columns with type and meaning."""

from typing import Any

import dagster as dg

from assets.warehouse import Warehouse
from contracts.columns import COLUMNS


def table_metadata(
    warehouse: Warehouse, table: str, columns: tuple[str, ...], *, rows: int | None = None, is_counted: bool = True
) -> dict[str, Any]:
    """Return the row count and the column schema of a table, under the names the Dagster UI knows.

    Rows that are not given are counted, unless that is to be left out (`is_counted`).
    """
    schema = dg.TableSchema(
        columns=[dg.TableColumn(name, COLUMNS[name].type, description=COLUMNS[name].description) for name in columns]
    )
    counted = {"dagster/row_count": warehouse.count(table) if rows is None else rows} if is_counted else {}
    return {**counted, "dagster/column_schema": schema, "dagster/table_name": table}
