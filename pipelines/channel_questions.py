"""The commands about channels: which gets the credit of orders, at what cost. The numbers come from `assets/analytics/`."""

import argparse
from typing import TYPE_CHECKING

from pipelines.question_options import Questions, add_range

if TYPE_CHECKING:
    from assets.analytics import Report, Shop


def _attribution(parser: argparse.ArgumentParser) -> None:
    add_range(parser)
    parser.add_argument(
        "--lookback-days", type=int, default=30, help="touches up to so many days before an order (default 30)"
    )
    parser.add_argument("--half-life-days", type=float, default=7.0, help="of time decay (default 7)")


def _ask_attribution(shop: "Shop", options: argparse.Namespace) -> "Report":
    return shop.attribution(
        from_date=options.from_date,
        until_date=options.until_date,
        lookback_days=options.lookback_days,
        half_life_days=options.half_life_days,
    )


CHANNEL_QUESTIONS: Questions = {
    "attribution": (_attribution, _ask_attribution, "which channels get the credit of orders, rule beside rule"),
    "payback": (
        lambda _: None,
        lambda shop, _: shop.payback(),
        "what new users cost by channel and month, and when that pays back",
    ),
}
