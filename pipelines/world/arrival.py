"""When rows reach the shop's export, so that the last days of a world can be kept apart as daily deliveries.

Belongs here: the arrival day of each row. Does not belong here: writing files (generation.py).
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.world.model import WorldModel

_TIMES = {
    "users": ("valid_from",),
    "events": ("occurred_at",),
    "orders": ("updated_at",),
    "order_items": ("refunded_at",),
    "feedback": ("created_at", "first_response_at", "resolved_at"),
}
"""The newest of these times is the arrival; a line also waits for its order to be placed."""


def split_by_arrival(
    world: WorldModel, tables: dict[str, pa.Table], *, last_days: int
) -> dict[str, list[tuple[int | None, pa.Table]]]:
    """Return, per source, the rows before the last days (day None) and those of each of the last days, in their order."""
    first = world.days - last_days
    parts: dict[str, list[tuple[int | None, pa.Table]]] = {}
    for source, table in tables.items():
        day = arrival_days(world, tables, source)
        parts[source] = [(None, table.filter(pa.array(day < first)))]
        parts[source] += [(late, _plain(table.filter(pa.array(day == late)))) for late in range(first, world.days)]
    return parts


def _plain(table: pa.Table) -> pa.Table:
    """Return the table without dictionaries: a day's few rows would carry the texts of the whole year with them."""
    plain = (
        pa.field(field.name, field.type.value_type if pa.types.is_dictionary(field.type) else field.type)
        for field in table.schema
    )
    return table.cast(pa.schema(list(plain)))


def arrival_days(world: WorldModel, tables: dict[str, pa.Table], source: str) -> np.ndarray:
    """Return the local day number on which each row of a source arrives."""
    table = tables[source]
    newest = _microseconds(table, _TIMES[source][0])
    for name in _TIMES[source][1:]:
        newest = np.maximum(newest, _microseconds(table, name))
    if source == "order_items":
        orders = tables["orders"]
        row = pc.call_function(
            "index_in", [table.column("order_id")], pc.SetLookupOptions(orders.column("order_id").combine_chunks())
        )
        newest = np.maximum(newest, _microseconds(orders, "ordered_at")[row.to_numpy()])
    midnight = world.utc_microseconds(np.zeros(1))[0]
    return (newest - midnight) // (86_400 * 1_000_000)


def _microseconds(table: pa.Table, name: str) -> np.ndarray:
    # A time that is missing is older than any other.
    return table.column(name).cast(pa.int64()).fill_null(np.iinfo(np.int64).min).to_numpy()
