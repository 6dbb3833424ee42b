"""Which types of events a shop has: a type that it has not is more often a slip of the pen than an answer of zeros."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from assets.analytics.report import AnalysisError

if TYPE_CHECKING:
    from assets.analytics.shop import Shop

PAID_ORDER = "order"


def unknown_types(shop: "Shop", types: Iterable[str]) -> str | None:
    """Return a sentence about the types that no event is of, with those there are; None when all are there.

    `order`, a paid order, is always known.
    """
    known = "select 1 from core.events where event_type = $event_type limit 1"
    asked = sorted(set(types) - {PAID_ORDER})
    missing = [name for name in asked if shop.warehouse.value(known, {"event_type": name}) is None]
    if not missing:
        return None
    found = shop.warehouse.connection.execute("select distinct event_type from core.events order by 1").fetchall()
    there = ", ".join([PAID_ORDER, *(row[0] for row in found)])
    return f"no event in the data is of type {', '.join(map(repr, missing))}; types are {there}"


def check_event_types(shop: "Shop", types: Iterable[str]) -> None:
    """Check that every type asked for stands somewhere in the data.

    Raises:
        AnalysisError: no event is of such a type; the message lists those there are.
    """
    if message := unknown_types(shop, types):
        raise AnalysisError(message)
