"""The commands about patterns: hours, series, baskets, groups and attributes of users. `assets/analytics/` has the numbers."""

import argparse
from typing import TYPE_CHECKING

from pipelines.question_options import Questions, add_break_down, add_range

if TYPE_CHECKING:
    from assets.analytics import Report, Shop


def _rhythm(parser: argparse.ArgumentParser) -> None:
    add_range(parser)
    add_break_down(parser)


def _ask_rhythm(shop: "Shop", options: argparse.Namespace) -> "Report":
    return shop.rhythm(by=options.by, from_date=options.from_date, until_date=options.until_date)


def _trend(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("measure", choices=["active_users", "orders", "revenue"])
    add_range(parser)
    parser.add_argument("--days-ahead", type=int, default=28, help="days to look ahead (default 28)")


def _ask_trend(shop: "Shop", options: argparse.Namespace) -> "Report":
    return shop.trend(
        options.measure, from_date=options.from_date, until_date=options.until_date, days_ahead=options.days_ahead
    )


def _calendar(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("measure", choices=["active_users", "orders", "revenue"])
    add_range(parser)


def _ask_calendar(shop: "Shop", options: argparse.Namespace) -> "Report":
    return shop.calendar(options.measure, from_date=options.from_date, until_date=options.until_date)


def _baskets(parser: argparse.ArgumentParser) -> None:
    add_range(parser)
    parser.add_argument("--confidence", default="0.2", help="least confidence of a rule, ties kept (default 0.2)")
    parser.add_argument(
        "--least", type=int, metavar="N", help="baskets that hold all products of a rule (default: from their number)"
    )
    parser.add_argument(
        "--most-products", type=int, default=100, help="leave out larger baskets: robots, wholesale (default 100)"
    )


def _ask_baskets(shop: "Shop", options: argparse.Namespace) -> "Report":
    return shop.baskets(
        from_date=options.from_date,
        until_date=options.until_date,
        confidence=options.confidence,
        baskets_at_least=options.least,
        products_at_most=options.most_products,
    )


def _pairs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--basis", choices=["order", "view"], default="order", help="bought or viewed together")


def _customers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", choices=["persona", "cluster"], default="persona", help="groups (default persona)")


def _profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "attribute", nargs="?", default="all", help="region, age_band ..., attributes.<key>, or all (default)"
    )
    add_range(parser)


def _ask_profile(shop: "Shop", options: argparse.Namespace) -> "Report":
    return shop.profile(options.attribute, from_date=options.from_date, until_date=options.until_date)


PATTERN_QUESTIONS: Questions = {
    "rhythm": (_rhythm, _ask_rhythm, "activity by weekday and hour: when to publish for whom"),
    "trend": (_trend, _ask_trend, "a daily series with its expected range, its anomalies and the days ahead"),
    "calendar": (_calendar, _ask_calendar, "what weekdays, parts of the month and sale days do to a daily series"),
    "baskets": (_baskets, _ask_baskets, "what is bought together"),
    "pairs": (
        _pairs,
        lambda shop, options: shop.product_pairs(basis=options.basis),
        "products bought or viewed together in the newest 90 days, the closest first",
    ),
    "customers": (
        _customers,
        lambda shop, options: shop.customers(by=options.by),
        "what the personas or clusters are like, and how likely they are to buy",
    ),
    "profile": (_profile, _ask_profile, "one attribute of users against activity and value"),
}
