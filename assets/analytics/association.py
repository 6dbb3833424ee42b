"""What is bought together: rules of the baskets of a range. Pairs of every day stand in `report.product_pair`."""

from datetime import date
from typing import TYPE_CHECKING

from assets.analytics.report import AnalysisError, Report, counted
from models.association import Thresholds, adaptive_baskets, count_people, rules
from sql.analyses import load_analysis

if TYPE_CHECKING:
    from assets.analytics.shop import Shop


def basket_rules(
    shop: "Shop",
    *,
    from_date: date | None,
    until_date: date | None,
    confidence: str,
    baskets_at_least: int | None,
    products_at_most: int,
) -> Report:
    """Return the rules of `models.association.rules`, strongest first.

    Raises:
        AnalysisError: the confidence is no number from 0 to 1, the support is below one basket, or the largest basket is to
            hold fewer than two products.
    """
    if not confidence.replace(".", "", 1).isdigit() or not 0 <= float(confidence) <= 1:
        raise AnalysisError(f"confidence {confidence!r} is not a number from 0 to 1, such as 0.2")
    if baskets_at_least is not None and baskets_at_least < 1:
        raise AnalysisError(f"a rule needs at least 1 basket, not {baskets_at_least}")
    if products_at_most < 2:
        raise AnalysisError(f"a rule needs baskets of 2 products, not of {products_at_most} at most")
    first, last = shop.bounds(from_date, until_date)
    asked = shop.ask("baskets", {"from_date": first, "until_date": last, "products_at_most": products_at_most})
    baskets = [tuple(products) for products in asked["products"]]
    needed = baskets_at_least or adaptive_baskets(baskets)
    table = rules(baskets, Thresholds(needed, confidence))
    table.insert(2, "people_count", count_people(table, baskets, list(asked["person"])))
    return Report(
        "basket",
        "Who buys the antecedent buys the consequent too. support = baskets with all / all; confidence = baskets with all / "
        "with the antecedent; lift = confidence / share of the consequent; leverage = support - product of the shares. "
        f"Kept: at least {needed} baskets and confidence of at least {confidence}, ties included; at most 4 products.",
        counted(load_analysis("baskets").description).replace("$products_at_most", str(products_at_most)),
        f"orders {first} to {date.fromordinal(last.toordinal() - 1)}",
        f"{len(baskets):,} baskets; people_count: different buyers of all products of a rule",
        table.drop(columns="items"),
        people="people_count",
        measures=("baskets_count", "antecedent_count", "support", "confidence", "lift", "leverage"),
    )
