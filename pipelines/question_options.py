"""Options that the analysts' commands share: a range of business dates, a break-down. What is asked stands with each command."""

import argparse
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assets.analytics import Report, Shop

Question = Callable[["Shop", argparse.Namespace], "Report"]
Questions = dict[str, tuple[Callable[[argparse.ArgumentParser], None], Question, str]]
"""Command -> (its options, its question, its help)."""


def read_day(text: str) -> date:
    """Return the date of `YYYY-MM-DD`.

    Raises:
        argparse.ArgumentTypeError: anything else.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write YYYY-MM-DD") from error


def add_range(parser: argparse.ArgumentParser) -> None:
    """Add `--from` and `--until`: business dates, the second exclusive."""
    parser.add_argument(
        "--from", dest="from_date", type=read_day, help="first business date (default: the first in the data)"
    )
    parser.add_argument(
        "--until", dest="until_date", type=read_day, help="business date, exclusive (default: after the newest)"
    )


def add_break_down(parser: argparse.ArgumentParser) -> None:
    """Add `--by`: a dimension of users."""
    parser.add_argument("--by", choices=["all", "channel", "region", "persona"], default="all", help="break down")
