"""Words of the command line become values: dates, lists of days, steps.

Belongs here: types that several commands share. What a command does stands in its own module.
"""

import argparse
from datetime import date


def day(text: str) -> date:
    """Return the date of YYYY-MM-DD."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = f"{text!r} is not a date; write YYYY-MM-DD"
        raise argparse.ArgumentTypeError(message) from error


def days(text: str) -> tuple[int, ...]:
    """Return the days of `28` or `28,90`, each at least one."""
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError as error:
        message = f"{text!r} is not a list of days; write 28 or 28,90"
        raise argparse.ArgumentTypeError(message) from error
    if min(found) < 1:
        message = f"{text!r}: a horizon is at least one day"
        raise argparse.ArgumentTypeError(message)
    return found


def every(text: str) -> int:
    """Return the days of `7d` or `7`, at least one."""
    if not text.removesuffix("d").isdigit() or int(text.removesuffix("d")) < 1:
        message = f"{text!r} is not a number of days; write 7d"
        raise argparse.ArgumentTypeError(message)
    return int(text.removesuffix("d"))
