"""Commands about the models: `trellis backtest`. Parsing only; the work stands in the modules that are called.

Running and publishing belong to `pipelines/cli.py`, reports of analysts to `pipelines/explore.py`.
"""

import argparse
from collections.abc import Callable
from typing import Any

from pipelines.arguments import day, days, every


def add_commands(commands: Any, home: argparse.ArgumentParser) -> None:
    """Add the commands of this module to `trellis`; `home` brings the option `--home`."""
    backtest = commands.add_parser("backtest", parents=[home], help="judge past origins as if a run had been made then")
    backtest.add_argument("--from", dest="first", type=day, help="first origin (default: the last four to be judged)")
    backtest.add_argument("--until", type=day, help="last origin (default: the latest whose window is closed)")
    backtest.add_argument("--every", type=every, default=28, help="step between origins, such as 28d")
    backtest.add_argument("--horizons", type=days, default=(), help="days ahead, such as 28,90 (default: the home's)")


def _backtest(options: argparse.Namespace) -> int:
    from pipelines.backtest import run_backtest

    return run_backtest(
        options.home, options.first, options.until, every_days=options.every, horizons_days=options.horizons
    )


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {"backtest": _backtest}
"""Command -> what it does; returns the exit code."""
